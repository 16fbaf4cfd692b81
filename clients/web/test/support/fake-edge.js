// The edge as the contract describes it, in memory, behind fetch: one service of one account. It checks every token and
// signature, and that no request leaves more behind than it must. Tests turn its clock, put an outcome in the way of a
// request, or alter what it says.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { basicCredentials, hasSignedDer, publicKey, signedJws } from "./checks.js";
import { withResolvers } from "./fake-clock.js";
import { OpenStream } from "./open-stream.js";

export const BASE_URL = "https://edge.test";
export const IDENTITY = "0b9a7c52-user";
export const SIGNATURE_FIELDS =
  "sid,account_sid,service_sid,entity_sid,identity,factor_sid,status,details,hidden_details,expiration_date,date_created";
export const STREAM_PATH = /\/device\/stream$/;
export const LIST_PATH = /\/Challenges$/;

const LEEWAY_SECONDS = 30;
const STARTED_AT_SECONDS = 1_800_000_000;

export const newSid = (prefix) => prefix + randomBytes(16).toString("hex");

class Refusal {
  constructor(status, code, message) {
    Object.assign(this, { status, code, message });
  }
}

export class FakeEdge {
  now = STARTED_AT_SECONDS;
  accountSid = newSid("AC");
  serviceSid = newSid("VA");
  entitySid = newSid("YE");
  tokens = new Map();
  factors = new Map();
  challenges = new Map();
  receipts = new Map();
  requests = [];
  hasStreams = true;
  greeting = ": listening\n\n";
  signatureFields = SIGNATURE_FIELDS;
  recordsAnswers = true;
  alterAnswer = () => {};
  #outcomes = [];
  #lostAnswers = [];
  #streams = [];
  #streamWaits = [];
  #nextRequest = withResolvers();

  // What a backend would hand to its app.
  issue() {
    const token = `${randomBytes(16).toString("hex")}.${randomBytes(32).toString("base64url")}`;
    this.tokens.set(token, null);
    return { token, serviceSid: this.serviceSid, identity: IDENTITY, factorType: "push" };
  }

  // Create a challenge; returns its SID.
  ask(factorSid, { message = "Log in?", hidden = null, ...more } = {}) {
    const sid = newSid("YC");
    this.challenges.set(sid, {
      sid,
      account_sid: this.accountSid,
      service_sid: this.serviceSid,
      entity_sid: this.entitySid,
      identity: IDENTITY,
      factor_sid: factorSid,
      date_created: this.#date(0),
      date_updated: this.#date(0),
      date_responded: null,
      expiration_date: this.#date(300),
      status: "pending",
      responded_reason: "none",
      details: { message, fields: [{ label: "IP", value: "192.0.2.7" }] },
      hidden_details: hidden,
      metadata: null,
      factor_type: "push",
      ...more,
    });
    return sid;
  }

  // The next such request meets this instead of the server: a function of its options that gives or throws.
  putInTheWay(method, path, outcome) {
    this.#outcomes.push({ method, path, outcome });
  }

  // The next such request is carried out, and its answer lost.
  loseAnswer(method, path) {
    this.#lostAnswers.push({ method, path });
  }

  // Until so many such requests have come in.
  async requested(method, path, times = 1) {
    while (this.count(method, path) < times) await this.#nextRequest.promise;
  }

  count(method, path) {
    return this.requests.filter((request) => matches(request, method, path)).length;
  }

  // The next stream that a device opens, or has opened.
  nextStream() {
    const opened = this.#streams.shift();
    if (opened) return Promise.resolve(opened);
    const wait = withResolvers();
    this.#streamWaits.push(wait);
    return wait.promise;
  }

  fetch = async (url, init) => {
    const request = requestOf(url, init);
    this.requests.push(request);
    this.#nextRequest.resolve();
    this.#nextRequest = withResolvers();
    init.signal?.throwIfAborted();
    const inTheWay = this.#take(this.#outcomes, request);
    if (inTheWay) return inTheWay.outcome(init);
    const response = this.#answered(request, init);
    if (this.#take(this.#lostAnswers, request)) throw new TypeError("fetch failed");
    return response;
  };

  #answered(request, init) {
    try {
      return this.#route(request, init);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return envelope(refusal.status, refusal.code, refusal.message, this.#dateHeader());
    }
  }

  #take(list, request) {
    const index = list.findIndex(({ method, path }) => matches(request, method, path));
    return index < 0 ? null : list.splice(index, 1)[0];
  }

  #route(request, init) {
    const segments = request.path.slice(1).split("/").map(decodeURIComponent);
    if (request.path === "/pushward/v1/device/stream") return this.#openStream(request, init);
    if (segments.slice(0, 5).join() !== ["v2", "Services", this.serviceSid, "Entities", IDENTITY].join()) {
      throw new Refusal(404, 20404, "Not found");
    }
    const [kind, sid] = segments.slice(5);
    if (kind === "Factors") {
      if (sid === undefined) return this.#createFactor(request);
      return this.#factorRequest(request, this.#authenticated(request, sid));
    }
    const factor = this.#authenticated(request);
    if (sid === undefined) return this.#list(factor, request.query);
    if (this.challenges.get(sid)?.factor_sid !== factor.sid) throw new Refusal(404, 60391, "Challenge not found");
    return request.method === "POST" ? this.#answer(sid, factor, request.form) : this.#show(sid);
  }

  #authenticated(request, factorSid) {
    const { user, token } = basicCredentials(request.headers.get("Authorization"));
    for (const factor of this.factors.values()) {
      const signed = user === "token" && signedJws(token, publicKey(factor.publicKeyB64));
      if (!signed) continue;
      const { nbf, exp, ...payload } = signed.payload;
      assert.deepEqual(signed.header, { cty: "twilio-pba;v=1", kid: factor.credentialSid, typ: "JWT", alg: "ES256" });
      assert.deepEqual(payload, { sub: this.accountSid });
      assert.ok(Number.isInteger(nbf) && exp - nbf === 600);
      if (nbf - LEEWAY_SECONDS > this.now || this.now > exp + LEEWAY_SECONDS) {
        throw new Refusal(401, 20104, "The token is expired or not yet valid");
      }
      if (factorSid !== undefined && factor.sid !== factorSid) throw new Refusal(404, 60390, "Factor not found");
      return factor;
    }
    throw new Refusal(401, 20003, "Authentication failed");
  }

  #openStream(request, { signal }) {
    if (!this.hasStreams) throw new Refusal(404, 20404, "Not found");
    assert.equal(request.headers.get("Accept"), "text/event-stream");
    this.#authenticated(request);
    const stream = new OpenStream(signal, this.greeting);
    const wait = this.#streamWaits.shift();
    if (wait) wait.resolve(stream);
    else this.#streams.push(stream);
    const headers = { "Content-Type": "text/event-stream; charset=utf-8" };
    return new Response(stream.body, { headers });
  }

  #createFactor(request) {
    const { user, token } = basicCredentials(request.headers.get("Authorization"));
    if (user !== "token" || !this.tokens.has(token)) throw new Refusal(401, 20101, "The access token is unknown");
    const { form } = request;
    assert.deepEqual(
      [form.FactorType, form["Binding.Alg"], form["Config.NotificationPlatform"]],
      ["push", "ES256", "none"],
    );
    assert.ok(form["Config.SdkVersion"] && form["Config.AppId"]);
    publicKey(form["Binding.PublicKey"]);
    const spentOn = this.tokens.get(token);
    if (spentOn === null) {
      const sid = newSid("YF");
      this.factors.set(sid, {
        sid,
        publicKeyB64: form["Binding.PublicKey"],
        credentialSid: `CR${sid.slice(2)}`,
        friendlyName: form.FriendlyName,
        metadata: form.Metadata,
        status: "unverified",
      });
      this.tokens.set(token, sid);
      return this.#factorAnswer(this.factors.get(sid), 201);
    }
    if (this.factors.get(spentOn).publicKeyB64 !== form["Binding.PublicKey"]) {
      throw new Refusal(403, 60313, "The access token made another factor");
    }
    return this.#factorAnswer(this.factors.get(spentOn), 201);
  }

  #factorRequest({ method, form }, factor) {
    if (method === "DELETE") {
      this.factors.delete(factor.sid);
      return new Response(null, { status: 204 });
    }
    if (form.AuthPayload !== undefined) {
      const proof = Buffer.from(form.AuthPayload, "base64");
      if (!hasSignedDer(publicKey(factor.publicKeyB64), proof, factor.sid)) {
        throw new Refusal(403, 60311, "Factor verification failed");
      }
      factor.status = "verified";
    }
    factor.friendlyName = form.FriendlyName ?? factor.friendlyName;
    return this.#factorAnswer(factor, 200);
  }

  #factorAnswer(factor, status) {
    const config = { credential_sid: factor.credentialSid, notification_platform: "none" };
    return this.#say(
      {
        sid: factor.sid,
        account_sid: this.accountSid,
        service_sid: this.serviceSid,
        entity_sid: this.entitySid,
        identity: IDENTITY,
        friendly_name: factor.friendlyName,
        status: factor.status,
        factor_type: "push",
        config,
        metadata: null,
        date_created: this.#date(0),
      },
      status,
    );
  }

  #list(factor, query) {
    assert.equal(query.FactorSid, factor.sid);
    let mine = [...this.challenges.values()].filter((challenge) => challenge.factor_sid === factor.sid);
    mine = mine.filter((challenge) => challenge.status === (query.Status ?? challenge.status));
    if (query.Order === "desc") mine.reverse();
    const first = Number(query.PageToken ?? 0);
    const size = Number(query.PageSize);
    // Another host on purpose: a device only takes the token from this URL.
    const following = `https://elsewhere.test/v2?PageSize=${size}&PageToken=${first + size}`;
    const meta = { page: 0, page_size: size, next_page_url: mine.length > first + size ? following : null };
    return this.#say({ challenges: mine.slice(first, first + size), meta }, 200);
  }

  #show(challengeSid) {
    const fields = this.signatureFields;
    return this.#say(
      this.challenges.get(challengeSid),
      200,
      fields !== null && { "Twilio-Verify-Signature-Fields": fields },
    );
  }

  #answer(challengeSid, factor, form) {
    const challenge = this.challenges.get(challengeSid);
    if (challenge.status === "expired") throw new Refusal(403, 60323, "The challenge has expired");
    if (challenge.status !== "pending") throw new Refusal(403, 60322, "The challenge is answered already");
    const signed = signedJws(form.AuthPayload, publicKey(factor.publicKeyB64));
    if (signed === null) throw new Refusal(403, 60324, "The signature is wrong");
    assert.deepEqual(signed.header, { typ: "JWT", alg: "ES256" });
    const { mode, status, ...payload } = signed.payload;
    const { status: _, ...expected } = Object.fromEntries(
      SIGNATURE_FIELDS.split(",").map((name) => [name, challenge[name]]),
    );
    if (!["approved", "denied"].includes(status) || !isSame(payload, expected)) {
      throw new Refusal(403, 60324, "What was signed isn't what was asked");
    }
    this.receipts.set(challengeSid, form.AuthPayload);
    if (this.recordsAnswers)
      Object.assign(challenge, { status, date_responded: this.#date(0), metadata: mode && { mode } });
    return this.#say(challenge, 200);
  }

  #say(members, status, headers) {
    const said = structuredClone(members);
    this.alterAnswer(said);
    return new Response(JSON.stringify(said), { status, headers: { ...this.#dateHeader(), ...headers } });
  }

  #dateHeader() {
    return { Date: new Date(this.now * 1000).toUTCString(), "Content-Type": "application/json" };
  }

  #date(secondsAhead) {
    return new Date((this.now + secondsAhead) * 1000).toISOString().replace(".000", "");
  }
}

// A refusal as the contract writes it.
export function envelope(status, code, message, headers) {
  return new Response(JSON.stringify({ code, message, more_info: "", status }), { status, headers });
}

function requestOf(url, { method, headers, body, credentials, redirect, cache, referrerPolicy }) {
  assert.deepEqual([credentials, redirect, cache, referrerPolicy], ["omit", "error", "no-store", "no-referrer"]);
  const { origin, pathname: path, searchParams, username, hash } = new URL(url);
  assert.deepEqual([origin, username, hash], [BASE_URL, "", ""]);
  const request = new Request(url, { method, headers, body });
  const { token } = basicCredentials(request.headers.get("Authorization"));
  assert.ok(!url.includes(token), "the token is in the URL");
  return {
    method,
    url,
    path,
    headers: request.headers,
    token,
    query: Object.fromEntries(searchParams),
    form: Object.fromEntries(new URLSearchParams(body)),
  };
}

function matches(request, method, path) {
  return request.method === method && (path instanceof RegExp ? path.test(request.path) : request.path.endsWith(path));
}

function isSame(one, other) {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
