from tests.backends import stand_in

stand_in.install()
