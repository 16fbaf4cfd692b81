"""The version, in one place: the build reads it, and enrolment names it as `Config.SdkVersion`."""

__version__ = "0.1.0"
