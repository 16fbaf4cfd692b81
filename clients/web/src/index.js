/**
 * The device's side of Pushward, in a browser: enrol, show what is asked, sign the answer.
 *
 * `PushwardDevice.open` is the way in; `verifyReceipt` checks an answer offline. Errors are drawn as a tree in
 * `errors.js`.
 *
 * @typedef {import("./challenge.js").Challenge} Challenge
 * @typedef {import("./challenge.js").ChallengePage} ChallengePage
 * @typedef {import("./challenge.js").ChallengeStatus} ChallengeStatus
 * @typedef {import("./challenge.js").DetailField} DetailField
 * @typedef {import("./challenges.js").ListOptions} ListOptions
 * @typedef {import("./clock.js").Clock} Clock
 * @typedef {import("./device.js").DeviceOptions} DeviceOptions
 * @typedef {import("./device.js").RegistrationOptions} RegistrationOptions
 * @typedef {import("./factor.js").Factor} Factor
 * @typedef {import("./factor.js").FactorStatus} FactorStatus
 * @typedef {import("./factor.js").RegistrationPayload} RegistrationPayload
 * @typedef {import("./http.js").Fetch} Fetch
 * @typedef {import("./listen.js").ListenOptions} ListenOptions
 * @typedef {import("./listen.js").ListenState} ListenState
 * @typedef {import("./receipt.js").Receipt} Receipt
 * @typedef {import("./silent.js").SilentOptions} SilentOptions
 * @typedef {import("./store.js").Store} Store
 * @typedef {import("./surroundings.js").Foreground} Foreground
 * @typedef {import("./surroundings.js").Network} Network
 */

export { SystemClock } from "./clock.js";
export { PushwardDevice } from "./device.js";
export * from "./errors.js";
export { IndexedDbStore } from "./indexed-db-store.js";
export { MemoryStore } from "./memory-store.js";
export { verifyReceipt } from "./receipt.js";
export { BrowserNetwork, PageForeground } from "./surroundings.js";
export { VERSION } from "./version.js";
