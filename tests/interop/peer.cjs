// @sigstore/bundle, @sigstore/core and @sigstore/verify as readers and as makers of bundles.
//
//   node peer.cjs verify FILE PUBLIC-KEY      each line is accepted, and refused when it or the key is another
//   node peer.cjs sign PAYLOAD KEY OUT        a bundle over the payload
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');

const { bundleFromJSON, bundleToJSON, toDSSEBundle, isBundleWithDsseEnvelope } = require('@sigstore/bundle');
const { dsse } = require('@sigstore/core');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

// Trust in one key, and in no certificate, log or clock.
function verifier(publicKey) {
  const rawBytes = publicKey.export({ format: 'der', type: 'spki' });
  const trust = toTrustMaterial(TrustedRoot.fromJSON({}), () => ({
    publicKey: crypto.createPublicKey({ key: rawBytes, format: 'der', type: 'spki' }),
    validFor: () => true,
  }));
  return new Verifier(trust, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 });
}

function accept(json, publicKey) {
  return verifier(publicKey).verify(toSignedEntity(bundleFromJSON(json)));
}

function verify(file, keyFile) {
  const publicKey = crypto.createPublicKey(fs.readFileSync(keyFile));
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  assert.ok(lines.length > 0, `${file} holds no line`);
  for (const line of lines) {
    const json = JSON.parse(line);
    assert.ok(isBundleWithDsseEnvelope(bundleFromJSON(json)));
    accept(json, publicKey);

    const tampered = structuredClone(json);
    const body = Buffer.from(tampered.dsseEnvelope.payload, 'base64');
    body[body.length >> 1] ^= 1;
    tampered.dsseEnvelope.payload = body.toString('base64');
    const refused = { code: 'SIGNATURE_ERROR' };
    assert.throws(() => accept(tampered, publicKey), refused, 'a changed payload was accepted');
    const other = crypto.generateKeyPairSync('ed25519').publicKey;
    assert.throws(() => accept(json, other), refused, 'another key was accepted');
  }
  console.log(`  ${lines.length} lines verified by @sigstore/verify`);
}

function sign(payloadFile, keyFile, out) {
  const artifact = fs.readFileSync(payloadFile);
  const key = crypto.createPrivateKey(fs.readFileSync(keyFile));
  const signature = crypto.sign(null, dsse.preAuthEncoding(PAYLOAD_TYPE, artifact), key);
  const spki = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' });
  const keyHint = crypto.createHash('sha256').update(spki).digest('base64');
  const bundle = toDSSEBundle({ artifact, artifactType: PAYLOAD_TYPE, signature, keyHint });
  const json = bundleToJSON(bundle);
  accept(json, crypto.createPublicKey(key));
  fs.writeFileSync(out, `${JSON.stringify(json)}\n`);
}

const [command, ...args] = process.argv.slice(2);
({ verify, sign })[command](...args);
