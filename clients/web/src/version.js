/** The version; enrolment names it as `Config.SdkVersion`. package.json says the same: a test compares them. */
export const VERSION = "0.1.0";
