package config

import (
	"fmt"
	"os"
	"strings"
)

// How a secret says where it is to be found.
const (
	envRef  = "env:"
	fileRef = "file:"

	maxSecretBytes = 16 << 10
)

// SecretRef is a secret, or where to find it: env:NAME is the environment variable NAME,
// file:PATH the first line of a file, relative to the directory of the configuration
// file. Anything else is the secret itself, and printed as "[redacted]".
type SecretRef struct {
	ref   string
	value Secret
}

// Set reports whether the key was given at all.
func (s SecretRef) Set() bool { return s.ref != "" }

// Reveal returns the secret; it is empty until Config.ResolveSecrets has found it.
func (s SecretRef) Reveal() string { return s.value.Reveal() }

// String says where the secret is, or hides it.
func (s SecretRef) String() string {
	if s.elsewhere() {
		return s.ref
	}
	return s.value.String()
}

// Format prints what String returns for every verb and flag.
func (s SecretRef) Format(f fmt.State, _ rune) { writeTo(f, s.String()) }

// MarshalText gives every encoding what String returns.
func (s SecretRef) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s SecretRef) elsewhere() bool {
	return strings.HasPrefix(s.ref, envRef) || strings.HasPrefix(s.ref, fileRef)
}

// secretRef is a key that holds a secret or says where it is. check looks at a secret that
// is written out; what is elsewhere is checked when it is resolved.
func secretRef(field *SecretRef, check func(string) error) value {
	return scalar[SecretRef]{field: field, name: "secret, env:NAME or file:PATH", parse: func(s string) (SecretRef, error) {
		if err := checkText(s); err != nil {
			return SecretRef{}, err
		}
		found := SecretRef{ref: s}
		if found.elsewhere() {
			if strings.HasSuffix(s, ":") {
				return SecretRef{}, fmt.Errorf("%q names nothing: write env:NAME or file:PATH", s)
			}
			return found, nil
		}
		found.value = Secret(s)
		return found, check(s)
	}}
}

// resolve finds the secret.
func (s *SecretRef) resolve(environ []string, path func(string) string, check func(string) error) error {
	switch name, env := strings.CutPrefix(s.ref, envRef); {
	case env:
		for _, pair := range environ {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				s.value = Secret(value)
			}
		}
		if s.value == "" {
			return fmt.Errorf("the environment variable %s is not set", name)
		}
	case s.elsewhere():
		name := path(strings.TrimPrefix(s.ref, fileRef))
		info, err := os.Stat(name)
		if err != nil || info.IsDir() || info.Size() > maxSecretBytes {
			return fmt.Errorf("the file %s cannot be read, or is larger than %d bytes", name, maxSecretBytes)
		}
		data, err := os.ReadFile(name) //nolint:gosec // G304: the operator names the file
		line, _, _ := strings.Cut(string(data), "\n")
		s.value = Secret(strings.TrimRight(line, "\r"))
		if err != nil || s.value == "" {
			return fmt.Errorf("the first line of the file %s is empty or cannot be read", name)
		}
	default:
		return nil // written out, and checked when it was read
	}
	return check(string(s.value))
}
