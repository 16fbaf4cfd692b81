/**
 * Everything this library throws on purpose.
 *
 *     PushwardDeviceError
 *     ├── BaseUrlError                    neither https nor this machine: nothing was sent
 *     ├── ApiError                        the server refused: `status`, `code`, `serverMessage` of its envelope
 *     │   ├── AuthenticationError         401, after the one clock correction
 *     │   ├── PermissionDeniedError       403
 *     │   ├── NotFoundError               404
 *     │   ├── RateLimitedError            429, `retryAfterSeconds`
 *     │   └── ServerUnavailableError      5xx
 *     ├── NetworkError                    no complete answer: whether the server acted is not known
 *     ├── AnswerFormatError               an answer that the contract doesn't allow
 *     ├── NotSignedError                  refused here, before anything was signed
 *     │   ├── WrongFactorError            the challenge is for another factor
 *     │   ├── ChallengeNotPendingError    answered or expired already
 *     │   ├── ChallengeNotFetchedError    it came from a list, or isn't this library's object: `get` it first
 *     │   ├── SignatureFieldsMissingError the answer didn't say what to sign, or too little
 *     │   └── SignatureFieldAbsentError   a field to sign isn't in the challenge
 *     ├── SilentApprovalError             nothing was approved silently
 *     │   ├── ChallengeNotArrivedError    nothing came within the time
 *     │   ├── AnotherChallengeError       only others came: `challengeSids`
 *     │   ├── ChallengeExpiredError       the expected one had expired
 *     │   └── NotInForegroundError        the page isn't what its user looks at
 *     ├── AnswerNotRecordedError          the server took the answer, and then showed another status
 *     ├── FactorNotVerifiedError          the proof of possession wasn't accepted
 *     ├── FactorDeletedError              the factor is gone from the server: enrol again
 *     ├── KeyStoreError
 *     │   ├── KeyStoreAccessError         the browser refuses its storage or its cryptography
 *     │   ├── KeyStoreDamagedError        what is stored isn't a key store of this version
 *     │   ├── FactorUnknownError          no such factor in this store
 *     │   └── KeyUnknownError             no such key in this store
 *     ├── TokenInvalidError               a compact JWS whose form or signature is wrong
 *     └── ReceiptInvalidError             a receipt that proves nothing
 *
 * Messages say what is wrong and what to do, and hold no token and no key. A wrong argument is a TypeError; what a
 * signal ends rejects with the signal's reason.
 */

/** The root of the tree. */
export class PushwardDeviceError extends Error {
  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The base URL can't be used: tokens would go over a network in plain text, or it isn't one. */
export class BaseUrlError extends PushwardDeviceError {}

/** The server refused. `code` is null if the answer had no error envelope: then something between us answered. */
export class ApiError extends PushwardDeviceError {
  static advice = "Correct the request.";

  /** @param {{ status: number, code: number | null, serverMessage: string, retryAfterSeconds: number | null }} said */
  constructor({ status, code, serverMessage, retryAfterSeconds }) {
    const origin = code === null ? "no error envelope" : `code ${code}`;
    super(`The server answered ${status} (${origin}): ${serverMessage} ${new.target.advice}`);
    this.status = status;
    this.code = code;
    this.serverMessage = serverMessage;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 401: the token was not accepted, although the clock was corrected where that could help. */
export class AuthenticationError extends ApiError {
  /** @override */
  static advice = "The access token is spent or expired, or the factor was deleted: enrol with a new access token.";
}

/** 403: known, and not allowed. */
export class PermissionDeniedError extends ApiError {
  /** @override */
  static advice = "Read the challenge or factor again: its present state doesn't allow this.";
}

/** 404: there is no such thing, or it isn't this device's. */
export class NotFoundError extends ApiError {
  /** @override */
  static advice = "It was deleted, or it isn't this device's.";
}

/** 429: too often. */
export class RateLimitedError extends ApiError {
  /** @override */
  static advice = "Wait before you try again.";
}

/** 5xx: the server can't answer now. */
export class ServerUnavailableError extends ApiError {
  /** @override */
  static advice = "Try again later.";
}

/** No complete answer came back; the server may or may not have acted. */
export class NetworkError extends PushwardDeviceError {}

/** The answer isn't what the contract allows; nothing of it was used. */
export class AnswerFormatError extends PushwardDeviceError {}

/** The library refused to sign. Nothing was sent. */
export class NotSignedError extends PushwardDeviceError {}

/** The challenge is for another factor than the one at hand. */
export class WrongFactorError extends NotSignedError {}

/** The challenge was answered or has expired. */
export class ChallengeNotPendingError extends NotSignedError {}

/** The challenge came from a list, or is a copy: `get` it, show that very object, and answer that. */
export class ChallengeNotFetchedError extends NotSignedError {}

/** The answer named no fields to sign, or left out one that the user was shown. */
export class SignatureFieldsMissingError extends NotSignedError {}

/** A field to sign isn't in the challenge. */
export class SignatureFieldAbsentError extends NotSignedError {}

/** Nothing was approved silently; show what is pending, and let the user decide. */
export class SilentApprovalError extends PushwardDeviceError {}

/** Within the time no challenge came. */
export class ChallengeNotArrivedError extends SilentApprovalError {}

/** Within the time only other challenges came; none of them was touched. */
export class AnotherChallengeError extends SilentApprovalError {
  /** @param {string} message @param {readonly string[]} challengeSids those that came, oldest first */
  constructor(message, challengeSids) {
    super(message);
    this.challengeSids = Object.freeze([...challengeSids]);
  }
}

/** The expected challenge came too late, or was looked for too late. */
export class ChallengeExpiredError extends SilentApprovalError {}

/** The page was in the background: silent approval is only for what its user is looking at. */
export class NotInForegroundError extends SilentApprovalError {}

/** The answer was accepted, but the challenge's status is another one: `get` it and show that. */
export class AnswerNotRecordedError extends PushwardDeviceError {}

/** The server read the proof of possession and still calls the factor unverified. */
export class FactorNotVerifiedError extends PushwardDeviceError {}

/** The factor is gone from the server; only a new enrolment helps. */
export class FactorDeletedError extends PushwardDeviceError {}

/** The key store can't do what was asked. */
export class KeyStoreError extends PushwardDeviceError {}

/** The browser doesn't let us keep or use keys: private mode, blocked or full storage, a page without https. */
export class KeyStoreAccessError extends KeyStoreError {}

/** What is stored under this name isn't a key store of this version. */
export class KeyStoreDamagedError extends KeyStoreError {}

/** This store has no such factor. */
export class FactorUnknownError extends KeyStoreError {}

/** This store has no such key. */
export class KeyUnknownError extends KeyStoreError {}

/** A compact JWS whose form, algorithm or signature is wrong. */
export class TokenInvalidError extends PushwardDeviceError {}

/** The receipt proves nothing with this key. */
export class ReceiptInvalidError extends PushwardDeviceError {}
