// A device as its SDK would be (contract section 3), on Node's own crypto and fetch: nothing of ours, nothing of the vendor's.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";

const TOKEN_SECONDS = 600;

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Device {
  #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #entity;
  #factor;

  // Enrols with the access token that the backend gave to its app, and proves that it holds the key.
  static async enrolled(baseUrl, { token, serviceSid, identity }) {
    const device = new Device();
    device.#entity = `${baseUrl}/v2/Services/${serviceSid}/Entities/${identity}`;
    const form = {
      FriendlyName: "Node's phone",
      FactorType: "push",
      "Binding.Alg": "ES256",
      "Binding.PublicKey": device.#key.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
      "Config.AppId": "com.example.app",
      "Config.SdkVersion": "1.0.0",
      "Config.NotificationPlatform": "none",
    };
    device.#factor = await (await request(`${device.#entity}/Factors`, token, form)).json();
    const proof = sign("sha256", Buffer.from(device.sid), device.#key.privateKey).toString("base64");
    const verified = await device.#request(`/Factors/${device.sid}`, { AuthPayload: proof });
    assert.equal((await verified.json()).status, "verified");
    return device;
  }

  get sid() {
    return this.#factor.sid;
  }

  // Shows nothing to anybody, and answers all the same.
  async answer(challengeSid, status) {
    const path = `/Challenges/${challengeSid}`;
    const response = await this.#request(path);
    const shown = await response.json();
    const names = response.headers.get("Twilio-Verify-Signature-Fields").split(",");
    const signed = { ...Object.fromEntries(names.map((name) => [name, shown[name]])), status };
    await this.#request(path, { AuthPayload: this.#signed({ typ: "JWT", alg: "ES256" }, signed) });
  }

  #request(path, form) {
    const now = Math.floor(Date.now() / 1000);
    const header = { cty: "twilio-pba;v=1", kid: this.#factor.config.credential_sid, typ: "JWT", alg: "ES256" };
    const claims = { sub: this.#factor.account_sid, exp: now + TOKEN_SECONDS, nbf: now };
    return request(this.#entity + path, this.#signed(header, claims), form);
  }

  #signed(header, payload) {
    const input = `${base64url(header)}.${base64url(payload)}`;
    const key = { key: this.#key.privateKey, dsaEncoding: "ieee-p1363" };
    return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
  }
}

async function request(url, token, form) {
  const headers = { Authorization: `Basic ${Buffer.from(`token:${token}`).toString("base64")}` };
  const response = await fetch(url, { headers, ...(form && { method: "POST", body: new URLSearchParams(form) }) });
  assert.ok(response.ok, `${url}: ${response.status} ${response.ok || (await response.text())}`);
  return response;
}
