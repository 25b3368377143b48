package awssession

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/resource"
)

// MaxPolicyChars is how long the session policy of one AssumeRole may be.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const MaxPolicyChars = 2048

// SessionPolicy is what one kind's step needs of its role. A session made with it can do
// what both the role's policies and this one allow.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
type SessionPolicy struct {
	Name    string   // what it is for, such as "ebs by native": sessions are cached by it
	Actions []string // IAM actions, service:Action
}

// Document returns the policy as IAM's JSON. Which resources the actions may touch is said
// by the role's own policies.
func (p SessionPolicy) Document() string {
	type statement struct{ Effect, Action, Resource any }
	document, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{{"Allow", p.Actions, "*"}}})
	if err != nil {
		panic(err) // strings always encode
	}
	return string(document)
}

// Narrow returns sessions that can do no more than actions says for their purpose. A
// purpose without actions gets sessions that can do nothing.
func Narrow(sessions Provider, name string, actions map[resource.Purpose][]string) Provider {
	if sessions == nil {
		return nil
	}
	n := narrowed{sessions: sessions, policies: map[resource.Purpose]*SessionPolicy{}}
	for _, purpose := range resource.Purposes() {
		allowed := slices.Clone(actions[purpose])
		if len(allowed) == 0 {
			allowed = []string{idle}
		}
		n.policies[purpose] = &SessionPolicy{Name: name, Actions: allowed}
	}
	return n
}

// idle is an action anybody has: a policy must have one.
const idle = "sts:GetCallerIdentity"

type narrowed struct {
	sessions Provider
	policies map[resource.Purpose]*SessionPolicy
}

// Config returns the configuration of the sessions within, narrowed.
func (n narrowed) Config(ctx context.Context, req Request) (aws.Config, error) {
	req.Policy = n.policies[req.Purpose]
	return n.sessions.Config(ctx, req)
}
