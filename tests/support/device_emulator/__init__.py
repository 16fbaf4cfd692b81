"""The vendor's device SDKs as their source has them (contract section 3), one for Android and one for iOS.

    errors    what the SDK tells its app
    models    what an app gets to see
    key       the key pair and its encodings
    quirks    where the two differ: android, ios
    http      headers, device tokens, the one retry after a wrong clock
    device    enrol, verify, list, get, answer, update, delete

Stricter than a good client wherever the SDKs are: what they can't read raises here, too. Independent of our own device
library, so the two can't share a mistake.
"""
