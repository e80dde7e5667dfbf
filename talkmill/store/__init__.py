"""The store: media by content digest, makings by content key, recipes by ticket digest; and the one door to it, `produce`."""

from talkmill.store.digests import canonical, digest, file_digest
from talkmill.store.making import Making, Request, produce
from talkmill.store.objects import Store
from talkmill.store.tickets import Ticket

__all__ = ["Making", "Request", "Store", "Ticket", "canonical", "digest", "file_digest", "produce"]
