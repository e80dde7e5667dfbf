# Glue between the plan and the rules; holds no rule.
import os
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(workflow.basedir))

from talkmill.errors import TalkmillError
from talkmill.run import Run


wildcard_constraints:
    digest="[0-9a-f]{16}",
    episode="[A-Za-z0-9][A-Za-z0-9._-]*",
    lang="[A-Za-z0-9-]+",
    character="[A-Za-z0-9][A-Za-z0-9._-]*",
    format="vertical|square|wide",


try:
    RUN = Run(os.getcwd(), main=workflow.is_main_process)
except TalkmillError as error:
    raise WorkflowError(str(error)) from None

shell.prefix(RUN.shell_prefix(workflow.basedir))


def needs(product, in_place, digest):
    """What a job reads; nothing where its product is in place, so that the DAG ends there."""
    if in_place and not workflow.dag_settings.forceall:
        return []
    if os.path.exists(product):  # there, but wrong: Snakemake cannot see that by itself
        workflow.dag.forcefiles.add(product)
    return list(RUN.recipe(digest)["inputs"].values())


def tickets(wildcards):
    """Inputs of a stage: the tickets upstream."""
    try:
        path = RUN.ticket(wildcards.digest)
        return needs(path, RUN.whole(path), wildcards.digest)
    except TalkmillError as error:
        raise WorkflowError(str(error)) from None


def waits(wildcards):
    """1 where a job waits for a paid provider for most of its time; the profile says how many of them run at once."""
    return int(RUN.waits(wildcards.digest))


def paid(wildcards):
    """How much of the profile's `paid` a job takes: few jobs with many lines fill a provider's slots, or more with few."""
    return RUN.in_flight(wildcards.digest)


def cores(wildcards):
    """A job that waits takes no core, so that others work meanwhile; on a cluster every job is given one."""
    return 0 if workflow.local_exec and waits(wildcards) else 1


def finished(wildcards):
    """Inputs of deliver: every ticket of the release."""
    try:
        release = RUN.plan.release(wildcards.episode, wildcards.lang)
        return needs(
            f"{release.folder}/manifest.json", RUN.right(release), release.recipe
        )
    except TalkmillError as error:
        raise WorkflowError(str(error)) from None


def release_ticket(wildcards):
    """The name that deliver works under."""
    return RUN.plan.release(wildcards.episode, wildcards.lang).recipe


def due_manifests():
    """One manifest for each release that is due."""
    return [f"{release.folder}/manifest.json" for release in RUN.due]


def due_audio():
    """The master of each release that is due."""
    return [release.audio for release in RUN.due]
