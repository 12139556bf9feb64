"""securesystemslib and in-toto-attestation as readers and as makers of evidence.

Everything here that decides is theirs: the envelope, the pre-authentication encoding, the signature, the Statement.
"""

import argparse
import base64
import copy
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import resource_descriptor, statement, statement_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"
EVIDENCE = "urn:proofmark:build-evidence:v1"


def public_key(path):
    return serialization.load_pem_public_key(path.read_bytes())


def envelopes(path):
    """The DSSE envelope of each line, as a plain dictionary."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    assert lines, f"{path} holds no line"
    return [line["dsseEnvelope"] for line in lines]


def parse(envelope):
    # from_dict rewrites the dictionary that it is given.
    return Envelope.from_dict(copy.deepcopy(envelope))


def refused(envelope, key):
    try:
        parse(envelope).verify([key], 1)
    except VerificationError:
        return True
    return False


def verify(args):
    """Each line is accepted with the right key, and refused when a byte of it or the key is another."""
    public = public_key(args.key)
    types = []
    for envelope in envelopes(args.file):
        (signature,) = envelope["signatures"]
        key = SSlibKey.from_crypto(public, keyid=signature["keyid"])
        accepted = parse(envelope)
        accepted.verify([key], 1)
        assert accepted.payload_type == PAYLOAD_TYPE, accepted.payload_type

        body = bytearray(accepted.payload)
        body[len(body) // 2] ^= 1
        tampered = dict(envelope, payload=base64.b64encode(body).decode())
        assert refused(tampered, key), "a changed payload was accepted"
        assert refused(dict(envelope, payloadType="application/json"), key), "a changed type was accepted"
        other = CryptoSigner.generate_ed25519().public_key
        assert refused(envelope, SSlibKey(signature["keyid"], other.keytype, other.scheme, other.keyval)), (
            "another key was accepted"
        )

        # Both parsers refuse fields that their schema doesn't know.
        message = json_format.Parse(accepted.payload, statement_pb2.Statement())
        statement.Statement.copy_from_pb(message).validate()
        types.append(message.predicate_type)
        if message.predicate_type == PROVENANCE:
            predicate = json_format.MessageToDict(message.predicate)
            provenance = json_format.ParseDict(predicate, provenance_pb2.Provenance())
            assert provenance.build_definition.build_type, "no build type"
            assert provenance.run_details.builder.id, "no builder"
    assert sorted(types) == sorted([PROVENANCE, EVIDENCE]), types
    print(f"  {len(types)} lines verified by securesystemslib, their Statements valid for in-toto-attestation")


def make(args):
    """A Statement over a file, by in-toto-attestation's types: SLSA provenance of a builder that is not ours."""
    digest = hashlib.sha256(args.artefact.read_bytes()).hexdigest()
    subject = resource_descriptor.ResourceDescriptor(name=args.artefact.name, digest={"sha256": digest})
    subject.validate()
    provenance = provenance_pb2.Provenance()
    provenance.build_definition.build_type = "https://example.com/buildtype/v1"
    provenance.build_definition.external_parameters.update({"target": "release"})
    provenance.run_details.builder.id = "https://example.com/builder"
    made = statement.Statement([subject.pb], PROVENANCE, json_format.MessageToDict(provenance))
    made.validate()
    args.out.write_text(json_format.MessageToJson(made.pb, indent=None))


def sign(args):
    """A bare DSSE envelope over the file, by securesystemslib."""
    private = serialization.load_pem_private_key(args.key.read_bytes(), password=None)
    envelope = Envelope(args.file.read_bytes(), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(private))
    args.out.write_text(json.dumps(envelope.to_dict()) + "\n")


def split(args):
    """For each line the bytes that were signed and the signature over them, so that other tools can check them."""
    for number, envelope in enumerate(envelopes(args.file)):
        (signature,) = envelope["signatures"]
        args.out.joinpath(f"{number}.pae").write_bytes(parse(envelope).pae())
        args.out.joinpath(f"{number}.sig").write_bytes(base64.b64decode(signature["sig"], validate=True))


def encode(args):
    """The bytes to be signed for a payload."""
    args.out.write_bytes(Envelope(args.file.read_bytes(), PAYLOAD_TYPE, {}).pae())


def wrap(args):
    """An envelope from a payload and a signature that another tool made; no keyid, which the standard leaves open."""
    signature = base64.b64encode(args.signature.read_bytes()).decode()
    envelope = {
        "payload": base64.b64encode(args.file.read_bytes()).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": signature}],
    }
    args.out.write_text(json.dumps(envelope) + "\n")


def tamper(args):
    """The same file, where the payload of each line says something else and the signature is the old one."""
    changed = []
    for line in args.file.read_text().splitlines():
        entry = json.loads(line)
        envelope = entry.get("dsseEnvelope", entry)
        said = json.loads(base64.b64decode(envelope["payload"]))
        said["predicate"]["tampered"] = True
        envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
        changed.append(json.dumps(entry))
    args.out.write_text("\n".join(changed) + "\n")


def openssh(args):
    """The public key as OpenSSH writes it."""
    encoded = public_key(args.key).public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    args.out.write_bytes(encoded + b"\n")


def names(args):
    """The key's two names in the file: keyid, and the hint that must be the digest of the public key."""
    der = public_key(args.key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    hint = base64.b64encode(hashlib.sha256(der).digest()).decode()
    keyids = set()
    for line in args.file.read_text().splitlines():
        bundle = json.loads(line)
        assert bundle["verificationMaterial"]["publicKey"]["hint"] == hint, bundle["verificationMaterial"]
        keyids.update(signature["keyid"] for signature in bundle["dsseEnvelope"]["signatures"])
    (keyid,) = keyids
    print(keyid)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for run, arguments in [
        (verify, ["file", "key"]),
        (make, ["artefact", "out"]),
        (sign, ["file", "key", "out"]),
        (split, ["file", "out"]),
        (encode, ["file", "out"]),
        (wrap, ["file", "signature", "out"]),
        (tamper, ["file", "out"]),
        (openssh, ["key", "out"]),
        (names, ["file", "key"]),
    ]:
        command = commands.add_parser(run.__name__, help=run.__doc__)
        for argument in arguments:
            command.add_argument(argument, type=pathlib.Path)
        command.set_defaults(run=run)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
