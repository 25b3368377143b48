// Package awscall is the record of what AWS was asked for a job: one Call per attempt, kept
// in the data of the job's events and shown wherever a job is.
package awscall

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Call is one attempt of one AWS call; what the SDK tried three times is three.
type Call struct {
	Operation string `json:"operation" doc:"as in IAM actions: ec2:CreateSnapshot"`
	Account   string `json:"account,omitempty" doc:"absent: that of the process's own credentials"`
	Region    string `json:"region"`
	// RequestID is what AWS support and CloudTrail know the call by.
	RequestID string    `json:"request_id,omitempty"`
	Status    int       `json:"status,omitempty" doc:"of HTTP; absent: no answer came"`
	Code      string    `json:"code,omitempty" doc:"AWS's error code, or transport when no answer came"`
	Attempt   int       `json:"attempt" doc:"1 is the first"`
	Millis    float64   `json:"ms" doc:"how long it took, in milliseconds"`
	At        time.Time `json:"at" doc:"when it began"`
}

// NoAnswer is the code of a call that ended without an answer of AWS.
const NoAnswer = "transport"

// Calls are what one step of a job asked of AWS.
type Calls struct {
	Calls []Call `json:"calls"`
	// LeftOut counts calls between the first and the last that there was no room for.
	LeftOut int `json:"calls_left_out,omitempty"`
}

// JSON encodes c as the data of an event; nil when there were no calls.
func (c Calls) JSON() json.RawMessage {
	if len(c.Calls) == 0 {
		return nil
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil // there is nothing in a Call that has no JSON
	}
	return data
}

// Parse reads the calls in the data of an event. Data of other events has none.
func Parse(data json.RawMessage) Calls {
	var c Calls
	if !bytes.Contains(data, []byte(`"calls"`)) || json.Unmarshal(data, &c) != nil {
		return Calls{}
	}
	return c
}

// sorted returns calls in the order they began.
func sorted(calls []Call) []Call {
	slices.SortStableFunc(calls, func(a, b Call) int { return a.At.Compare(b.At) })
	return calls
}
