// Passkeys: hand what the service asks to the browser, and what the authenticator says back to the service.

import { ask, Problem } from "./api";
import type { Passkey, Who } from "./types";

export const canPasskeys = (): boolean => "credentials" in navigator && typeof PublicKeyCredential !== "undefined";

/** Bytes as base64url without padding, as WebAuthn's JSON writes them. */
export function coded(value: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(value))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function decoded(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

interface Named { id: string; type: "public-key" }
interface Asked { challenge: string; rpId: string; timeout: number; userVerification: UserVerificationRequirement }
interface AskedNew {
  challenge: string; rp: { id: string; name: string }; user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[]; timeout: number; excludeCredentials?: Named[];
  authenticatorSelection: AuthenticatorSelectionCriteria; attestation: AttestationConveyancePreference;
}

/** Sign in by a passkey: whoever it belongs to is who one is then. */
export async function signInByPasskey(): Promise<Who> {
  const asked = await ask<Asked>("/session/passkey", { method: "POST", body: {} });
  const found = await withAuthenticator(() => navigator.credentials.get({ publicKey: { ...asked, challenge: decoded(asked.challenge) } }));
  const response = found.response as AuthenticatorAssertionResponse;
  const credential = {
    id: found.id, rawId: coded(found.rawId), type: found.type,
    response: {
      clientDataJSON: coded(response.clientDataJSON), authenticatorData: coded(response.authenticatorData),
      signature: coded(response.signature), ...(response.userHandle?.byteLength ? { userHandle: coded(response.userHandle) } : {}),
    },
  };
  return ask<Who>("/session/passkey", { method: "PUT", body: { credential } });
}

/** Make a passkey and enter it under a name. */
export async function addPasskey(label: string): Promise<Passkey> {
  const asked = await ask<AskedNew>("/passkeys/challenge", { method: "POST", body: {} });
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...asked, challenge: decoded(asked.challenge), user: { ...asked.user, id: decoded(asked.user.id) },
    excludeCredentials: (asked.excludeCredentials ?? []).map((one) => ({ ...one, id: decoded(one.id) })),
  };
  const found = await withAuthenticator(() => navigator.credentials.create({ publicKey }));
  const response = found.response as AuthenticatorAttestationResponse;
  const credential = {
    id: found.id, rawId: coded(found.rawId), type: found.type,
    response: { clientDataJSON: coded(response.clientDataJSON), attestationObject: coded(response.attestationObject) },
  };
  return ask<Passkey>("/passkeys", { method: "PUT", body: { credential, label } });
}

async function withAuthenticator(work: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let found: Credential | null = null;
  try {
    found = await work();
  } catch (why) {
    const there = why instanceof Error && why.name === "InvalidStateError";
    throw new Problem(0, there ? { title: "this device has a passkey of yours already", fix: "sign in with it" } : { title: "the browser got no passkey", fix: "try again, and confirm with PIN, finger or face" });
  }
  if (!found) throw new Problem(0, { title: "the browser got no passkey", fix: "try again" });
  return found as PublicKeyCredential;
}
