// Package failure holds the closed list of error classes: what went wrong in terms an
// operator can act on, and what Holdfast does about it. A class is the metric label,
// the filter of `jobs list --class` and the key of the retry table.
package failure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Class is one entry of the closed list.
type Class string

// The classes. Retry has the rule of each.
const (
	Throttled   Class = "throttled"   // AWS asked us to slow down
	Busy        Class = "busy"        // the resource is in a state that passes by itself
	Quota       Class = "quota"       // an AWS quota is used up
	Transient   Class = "transient"   // network, timeout, 5xx
	Credentials Class = "credentials" // the session expired or cannot be had
	Denied      Class = "denied"      // IAM, SCP or session policy refused
	KMS         Class = "kms"         // a key is missing, disabled or not ours to use
	Invalid     Class = "invalid"     // AWS refused the parameters
	Unsupported Class = "unsupported" // the kind or the resource cannot do this
	NotFound    Class = "not_found"   // the resource or recovery point is gone
	Conflict    Class = "conflict"    // the name or token is taken by something else
	Held        Class = "held"        // a guard forbids the deletion
	Window      Class = "window"      // the start or completion window passed
	Internal    Class = "internal"    // a bug or a broken invariant in Holdfast
)

// Classes returns the closed list in a fixed order.
func Classes() []Class {
	return []Class{
		Throttled, Busy, Quota, Transient, Credentials, Denied, KMS, Invalid,
		Unsupported, NotFound, Conflict, Held, Window, Internal,
	}
}

// Valid reports whether c is in the closed list.
func (c Class) Valid() bool { return slices.Contains(Classes(), c) }

// Rule says what happens after the *start call* of a job failed with a class.
type Rule struct {
	// Retry is whether the same job tries the same call again.
	Retry bool
	// Base is the wait before the first new attempt; it doubles up to Max.
	Base, Max time.Duration
	// Breaker is whether the failure counts against the account's breaker.
	Breaker bool
}

var rules = map[Class]Rule{
	Throttled:   {Retry: true, Base: 2 * time.Second, Max: time.Minute},
	Busy:        {Retry: true, Base: 30 * time.Second, Max: 5 * time.Minute},
	Quota:       {Retry: true, Base: 5 * time.Minute, Max: 30 * time.Minute},
	Transient:   {Retry: true, Base: 5 * time.Second, Max: 2 * time.Minute},
	Credentials: {Retry: true, Base: 5 * time.Minute, Max: 5 * time.Minute, Breaker: true},
	Denied:      {Retry: true, Base: 5 * time.Minute, Max: 5 * time.Minute, Breaker: true},
	KMS:         {}, Invalid: {}, Unsupported: {}, NotFound: {}, Conflict: {}, Held: {}, Window: {}, Internal: {Retry: true, Base: 30 * time.Second, Max: 5 * time.Minute},
}

// RuleOf returns the rule of c; an unknown class is treated as Internal.
func RuleOf(c Class) Rule {
	if r, ok := rules[c]; ok {
		return r
	}
	return rules[Internal]
}

// Wait returns how long to wait before attempt n+1 after n failed attempts (n >= 1).
func (r Rule) Wait(n int) time.Duration {
	wait := r.Base
	for range min(max(n, 1)-1, 20) {
		wait *= 2
		if wait >= r.Max {
			return r.Max
		}
	}
	return wait
}

// Error is a failure with its class. Code is the service's own error code and
// RequestID AWS's request id, both empty where there is none.
type Error struct {
	Class     Class
	Op        string // e.g. ec2:CreateSnapshot
	Code      string
	RequestID string
	Err       error
}

// Error gives the operation, the service's code and the cause, on one line.
func (e *Error) Error() string {
	switch {
	case e.Op != "" && e.Code != "":
		return fmt.Sprintf("%s: %s: %v", e.Op, e.Code, e.Err)
	case e.Op != "":
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	default:
		return e.Err.Error()
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of class c from a format string; %w works as in fmt.Errorf.
func Errorf(c Class, format string, args ...any) error {
	return &Error{Class: c, Err: fmt.Errorf(format, args...)}
}

// ClassOf returns the class carried by err; context deadlines and cancellations are
// Transient, an error without a class is Internal, nil has the empty class.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Class
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Transient
	default:
		return Internal
	}
}

// Is reports whether err carries class c.
func Is(err error, c Class) bool { return err != nil && ClassOf(err) == c }
