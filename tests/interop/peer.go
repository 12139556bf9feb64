// go-securesystemslib as a reader and as a maker of envelopes: the library under the Go tools of the field.
//
//	peer verify FILE PUBLIC-KEY      each line is accepted, and refused when it or the key is another
//	peer sign PAYLOAD KEY OUT        an envelope over the payload
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

const payloadType = "application/vnd.in-toto+json"

// verifier states no key id, so that the library works out its own and skips signatures that name another.
type verifier struct{ key ed25519.PublicKey }

func (v verifier) KeyID() (string, error)   { return "", nil }
func (v verifier) Public() crypto.PublicKey { return v.key }
func (v verifier) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(v.key, data, sig) {
		return errors.New("another signature")
	}
	return nil
}

type signer struct{ key ed25519.PrivateKey }

func (s signer) KeyID() (string, error) { return dsse.SHA256KeyID(s.key.Public()) }
func (s signer) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(s.key, data), nil
}

func accept(envelope *dsse.Envelope, key ed25519.PublicKey) error {
	checker, err := dsse.NewEnvelopeVerifier(verifier{key})
	if err != nil {
		return err
	}
	_, err = checker.Verify(context.Background(), envelope)
	return err
}

func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", path)
	}
	return block.Bytes, nil
}

func verify(file, keyFile string) error {
	der, err := read(keyFile)
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return err
	}
	key := public.(ed25519.PublicKey)
	other, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	for number, line := range lines {
		var bundle struct {
			DsseEnvelope dsse.Envelope `json:"dsseEnvelope"`
		}
		if err := json.Unmarshal(line, &bundle); err != nil {
			return err
		}
		envelope := bundle.DsseEnvelope
		if err := accept(&envelope, key); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if accept(&envelope, other) == nil {
			return fmt.Errorf("line %d: another key was accepted", number)
		}
		body, err := envelope.DecodeB64Payload()
		if err != nil {
			return err
		}
		body[len(body)/2] ^= 1
		envelope.Payload = base64.StdEncoding.EncodeToString(body)
		if accept(&envelope, key) == nil {
			return fmt.Errorf("line %d: a changed payload was accepted", number)
		}
	}
	fmt.Printf("  %d lines verified by go-securesystemslib\n", len(lines))
	return nil
}

func sign(payloadFile, keyFile, out string) error {
	payload, err := os.ReadFile(payloadFile)
	if err != nil {
		return err
	}
	der, err := read(keyFile)
	if err != nil {
		return err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return err
	}
	maker, err := dsse.NewEnvelopeSigner(signer{private.(ed25519.PrivateKey)})
	if err != nil {
		return err
	}
	envelope, err := maker.SignPayload(context.Background(), payloadType, payload)
	if err != nil {
		return err
	}
	line, err := json.Marshal(envelope)
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(line, '\n'), 0o600)
}

func main() {
	err := errors.New("usage: peer verify FILE PUBLIC-KEY | peer sign PAYLOAD KEY OUT")
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "verify":
		err = verify(args[1], args[2])
	case len(args) == 4 && args[0] == "sign":
		err = sign(args[1], args[2], args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
