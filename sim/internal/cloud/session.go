package cloud

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/internal/awssession"
	"holdfast/resource"
)

// Session is who makes a call: a role of an account, and what its session policy leaves of
// the role's permissions. It travels as the session token of the credentials, so that a
// request is authorised by what it was signed with, as at AWS.
type Session struct {
	Account string
	Role    string // name, without a path
	// Allowed are the IAM actions of the session policy, nil for a session without one.
	Allowed []string
}

// tokenPrefix marks the tokens of simulated sessions.
const tokenPrefix = "simulated/"

// Token returns the session token that carries s.
func (s Session) Token() string {
	token := tokenPrefix + s.Account + "/" + s.Role
	if s.Allowed != nil {
		token += "/" + strings.Join(s.Allowed, ",")
	}
	return token
}

// parseToken reads what Token wrote; ok is false for anything else.
func parseToken(token string) (s Session, ok bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return s, false
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 2 {
		return s, false
	}
	s.Account, s.Role = parts[0], parts[1]
	if len(parts) == 3 {
		s.Allowed = strings.Split(parts[2], ",")
	}
	return s, true
}

// tokenOf returns the session token a request was signed with.
func tokenOf(request any) string {
	if r, ok := request.(*smithyhttp.Request); ok {
		return r.Header.Get("X-Amz-Security-Token")
	}
	return ""
}

// RoleName is the name of the role a Provider of an organization uses for a purpose.
func RoleName(purpose resource.Purpose) string { return "holdfast-" + string(purpose) }

// Role is what an account says about one of its roles. The zero value is a role that
// anybody may assume and that may do nothing; a role nobody has set may do everything.
type Role struct {
	// Missing takes the role away: it cannot be assumed, and sessions of it end.
	Missing bool
	// ExternalID is what AssumeRole must come with, empty for nothing.
	ExternalID string
	// Allowed are the IAM actions of its identity policies, with * for any letters.
	Allowed []string
	// Denied are actions that are refused whatever is allowed, as by a service control policy.
	Denied []string
}

// roles has what was set of roles, by account/name.
type roles struct {
	mu  sync.Mutex
	set map[string]Role
}

// SetRole says what a role of an account is and may do.
func (o *Organization) SetRole(account, name string, r Role) {
	o.roles.mu.Lock()
	defer o.roles.mu.Unlock()
	o.roles.set[account+"/"+name] = r
}

func (r *roles) get(account, name string) (Role, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	role, ok := r.set[account+"/"+name]
	return role, ok
}

// authorize refuses what the caller's role or session policy does not allow. A session may
// do what both its role's policies and its session policy allow.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-sessionpol.html
func (o *Organization) authorize(r Request, s *hosted, op Operation) error {
	caller, ok := parseToken(r.Token)
	if !ok {
		return nil
	}
	role, set := o.roles.get(caller.Account, caller.Role)
	if role.Missing {
		return &statusError{Errorf("InvalidClientTokenId", "the security token included in the request is invalid"), http.StatusForbidden}
	}
	for _, action := range actionsOf(s.Name, op.Name, r.Input) {
		if o.options.Watch != nil {
			o.options.Watch(caller, action)
		}
		if why := refusal(caller, role, set, action); why != "" {
			return denied(s.Definition, why)
		}
	}
	return nil
}

// refusal says why an action is not allowed, "" when it is, in the words AWS has for it.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func refusal(caller Session, role Role, set bool, action string) string {
	because := ""
	switch {
	case set && allows(role.Denied, action):
		because = "with an explicit deny in a service control policy"
	case set && !allows(role.Allowed, action):
		because = "because no identity-based policy allows the " + action + " action"
	case caller.Allowed != nil && !allows(caller.Allowed, action):
		because = "because no session policy allows the " + action + " action"
	default:
		return ""
	}
	return "User: arn:aws:sts::" + caller.Account + ":assumed-role/" + caller.Role + "/holdfast is not authorized to perform: " + action + " " + because
}

// allows reports whether one of patterns fits an action. Case does not matter.
func allows(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return fits(strings.ToLower(pattern), strings.ToLower(action))
	})
}

// fits matches text with a pattern that has * for any letters.
func fits(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	for i := len(head); i <= len(text); i++ {
		if fits(rest, text[i:]) {
			return true
		}
	}
	return false
}

// sessionOf returns the session the provider has for a request.
func sessionOf(req awssession.Request) Session {
	s := Session{Account: req.Scope.Account, Role: RoleName(cmp.Or(req.Purpose, "operator"))}
	if req.Policy != nil {
		s.Allowed = req.Policy.Actions
	}
	return s
}

// MayAssume reports whether the caller may have a session of a role of an account.
func (c *Call) MayAssume(account, role, externalID string) bool {
	found, set := c.org.roles.get(account, role)
	return c.org.accounts[account] && !found.Missing && (!set || found.ExternalID == "" || found.ExternalID == externalID)
}
