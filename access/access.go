// Package access says who may do what: the roles of people and programs, the actions they
// take, and the one table that joins the two. It is pure.
package access

import (
	"context"
	"fmt"
	"slices"

	"holdfast/failure"
)

// Role is what somebody was given. Admin may do everything; the others have no order.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // looks
	Operator Role = "operator" // keeps backups going
	Restorer Role = "restorer" // gets data back
	Admin    Role = "admin"
)

// Roles returns the closed list, the least powerful first.
func Roles() []Role { return []Role{Viewer, Operator, Restorer, Admin} }

// Action is something a role may be needed for.
type Action string

// The actions. View is for everything that only reads, dry runs and previews too.
const (
	View        Action = "view"
	BackUp      Action = "back_up"
	Copy        Action = "copy"
	Restore     Action = "restore"
	Expire      Action = "expire" // delete a recovery point before its time
	AddHold     Action = "add_hold"
	RemoveHold  Action = "remove_hold"
	LockVault   Action = "lock_vault"
	UnlockVault Action = "unlock_vault"
	// ApproveDeletions lets deletions go on that stopped because too many were due.
	ApproveDeletions Action = "approve_deletions"
	Cancel           Action = "cancel"  // any job; who may begin a job may cancel and retry it without this
	Release          Action = "release" // give up on a job whose end AWS does not tell
	SetLimits        Action = "set_limits"
	WorkQueues       Action = "work_queues" // run, archive and delete tasks in the queue browser
	ManageUsers      Action = "manage_users"
)

// Right is one row of the table of roles.
type Right struct {
	Action Action `json:"action"`
	Roles  []Role `json:"roles"`
	Means  string `json:"means"`
}

var rights = []Right{
	{View, []Role{Viewer, Operator, Restorer, Admin}, "read everything, preview policies, plan any action without carrying it out"},
	{BackUp, []Role{Operator, Admin}, "back up resources and plans now; cancel and retry backups"},
	{Copy, []Role{Operator, Admin}, "copy recovery points; cancel and retry copies"},
	{Restore, []Role{Restorer, Admin}, "restore recovery points; cancel and retry restores"},
	{Expire, []Role{Admin}, "delete recovery points before their time; retry such deletions"},
	{AddHold, []Role{Operator, Restorer, Admin}, "put legal holds on recovery points"},
	{RemoveHold, []Role{Admin}, "take legal holds off"},
	{LockVault, []Role{Admin}, "lock vaults and make locks longer"},
	{UnlockVault, []Role{Admin}, "take locks off vaults that are not final"},
	{ApproveDeletions, []Role{Admin}, "let scheduled deletions go on that stopped because too many were due"},
	{Cancel, []Role{Operator, Admin}, "cancel any job"},
	{Release, []Role{Admin}, "give up by force on jobs whose end AWS does not tell"},
	{SetLimits, []Role{Operator, Admin}, "set caps and weights"},
	{WorkQueues, []Role{Admin}, "run, archive and delete tasks in the queue browser, where the configuration lets anybody"},
	{ManageUsers, []Role{Admin}, "read users, tokens and sessions"},
}

// Rights returns the whole table.
func Rights() []Right { return slices.Clone(rights) }

// May reports whether role may do action; an unknown role or action may not.
func May(role Role, action Action) bool {
	for _, r := range rights {
		if r.Action == action {
			return slices.Contains(r.Roles, role)
		}
	}
	return false
}

// Actor is somebody who acts.
type Actor struct {
	Name string `json:"name"` // as the history shows it
	Role Role   `json:"role"`
}

// Check returns nil when a may do action, else an error of class denied (Denied).
func (a Actor) Check(action Action) error {
	if May(a.Role, action) {
		return nil
	}
	return &failure.Error{Class: failure.Denied, Err: &DeniedError{Actor: a, Action: action}}
}

// DeniedError says that an actor's role does not let it do something.
type DeniedError struct {
	Actor  Actor
	Action Action
}

// Error names the actor, the role and who may.
func (e *DeniedError) Error() string {
	var roles []Role
	for _, r := range rights {
		if r.Action == e.Action {
			roles = r.Roles
		}
	}
	return fmt.Sprintf("%s has the role %s, which may not %s: %v may", e.Actor.Name, e.Actor.Role, e.Action, roles)
}

type actorKey struct{}

// With returns a context for what who does.
func With(ctx context.Context, who Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// From returns who acts; the zero Actor, who may do nothing, when nobody was named.
func From(ctx context.Context) Actor {
	who, _ := ctx.Value(actorKey{}).(Actor)
	return who
}
