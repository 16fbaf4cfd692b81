"""The crash suite: everything is killed at random under load, then everything is counted.

schedule.py    what is killed when: values of a seed        checker.py     what must hold afterwards, pure
world.py       the stores and processes of a run            storm.py       carries a schedule out
logins.py      the load through the front door              evidence.py    what the stores and the receiver hold
writer.py subscriber.py consumer.py                         child programs that are killed
"""
