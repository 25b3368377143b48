package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
)

// redacted is what a secret looks like wherever it is printed.
const redacted = "[redacted]"

// Secret is a string that no formatting verb, encoder or log line gives away. An empty
// secret prints as empty, so that one can see it is not set.
type Secret string

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns "[redacted]", or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format prints the redacted form for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { writeTo(f, s.String()) }

// MarshalText gives JSON and every other text encoding the redacted form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML gives YAML the redacted form.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// DSN names a catalog: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE. It
// prints without the password.
type DSN string

// Reveal returns the DSN with its password, for opening the catalog.
func (d DSN) Reveal() string { return string(d) }

// SQLite returns the path of an SQLite catalog; ok is false for any other.
func (d DSN) SQLite() (path string, ok bool) { return strings.CutPrefix(string(d), sqliteScheme) }

// String returns the DSN with every password replaced by "[redacted]". What cannot be
// taken apart is redacted whole, because nobody knows where the password is in it.
func (d DSN) String() string {
	if _, ok := d.SQLite(); ok || d == "" {
		return string(d)
	}
	u, err := url.Parse(string(d))
	if err != nil || u.Host == "" || u.User == nil && strings.Contains(string(d), "@") {
		return redacted
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, redacted)
		}
	}
	u.RawQuery = query.Encode()
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), redacted)
	}
	// Encoding turns the brackets into escapes, which nobody wants to read.
	return strings.ReplaceAll(u.String(), url.QueryEscape(redacted), redacted)
}

// Format prints the DSN without its password for every verb and flag.
func (d DSN) Format(f fmt.State, _ rune) { writeTo(f, d.String()) }

// MarshalText gives JSON and every other text encoding the form without the password.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalYAML gives YAML the form without the password.
func (d DSN) MarshalYAML() (any, error) { return d.String(), nil }

// writeTo writes s to a fmt.State, which has no error worth handling: fmt drops it too.
func writeTo(f fmt.State, s string) { _, _ = io.WriteString(f, s) }
