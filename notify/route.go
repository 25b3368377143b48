package notify

import (
	"slices"
	"strings"

	"holdfast/catalog"
	"holdfast/config"
)

// Router decides where events go. It is pure.
type Router struct {
	routes  []route
	targets config.Notifications
}

// route is a route with its targets' types looked up.
type route struct {
	config.NotificationRoute
	wants map[string]string // set of events by target
}

// delivery is one event for one target.
type delivery struct {
	target config.NotificationTarget
	group  string
}

// NewRouter returns the router of a configuration. Without routes every target gets what
// is usual for its type.
func NewRouter(n config.Notifications) *Router {
	r := &Router{targets: n}
	routes := n.Routes
	if len(routes) == 0 {
		var all []string
		for _, t := range n.Targets {
			all = append(all, t.Name)
		}
		routes = []config.NotificationRoute{{Targets: all}}
	}
	for _, from := range routes {
		to := route{NotificationRoute: from, wants: map[string]string{}}
		for _, name := range from.Targets {
			if t, ok := n.Target(name); ok {
				to.wants[name] = from.Wants(t.Type)
			}
		}
		r.routes = append(r.routes, to)
	}
	return r
}

// Wants reports whether any target may want e, from what the history alone says.
func (r *Router) Wants(e catalog.Event) bool {
	kind, state, ok := typeOf(e)
	if !ok {
		return false
	}
	shown := Event{Type: kind, State: state, Problem: kind != config.EventsJob || problem(catalog.State(state), e.Class)}
	for _, to := range r.routes {
		for _, wanted := range to.wants {
			if inSet(wanted, shown) {
				return true
			}
		}
	}
	return false
}

// NeedsTags reports whether a route asks for the tags of resources.
func (r *Router) NeedsTags() bool {
	return slices.ContainsFunc(r.routes, func(to route) bool { return len(to.Tags) > 0 })
}

// deliveries returns the targets of e, each once, with the group e belongs to there.
func (r *Router) deliveries(e Event) (list []delivery) {
	given := map[string]bool{}
	for _, to := range r.routes {
		if !to.fits(e) {
			continue
		}
		for _, name := range to.Targets {
			wanted, known := to.wants[name]
			if !known || given[name] || !inSet(wanted, e) {
				continue
			}
			given[name] = true
			target, _ := r.targets.Target(name)
			list = append(list, delivery{target, groupOf(target.Type, to.GroupBy, e)})
		}
	}
	return list
}

// inSet reports whether e is in one of the sets of events a route can name.
func inSet(set string, e Event) bool {
	switch set {
	case config.EventsAll:
		return true
	case config.EventsProblems:
		return e.Problem || e.Resolved
	default:
		return set == e.Type
	}
}

// fits reports whether e is what the route's fields ask for.
func (to route) fits(e Event) bool {
	one := func(wanted []string, have string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, have) })
	}
	return one(to.Types, string(e.Operation)) && one(to.States, e.State) && one(to.Classes, string(e.Class)) &&
		one(to.Accounts, e.Account) && one(to.Plans, e.Plan) && one(to.Kinds, string(e.Kind)) &&
		(len(to.Units) == 0 || slices.ContainsFunc(to.Units, func(u string) bool { return slices.Contains(e.Units, u) })) &&
		tagged(to.Tags, e.Tags)
}

// tagged reports whether tags has every key=value of wanted.
func tagged(wanted []string, tags map[string]string) bool {
	for _, w := range wanted {
		name, value, _ := strings.Cut(w, "=")
		have, ok := tags[name]
		if !ok || value != "*" && value != have {
			return false
		}
	}
	return true
}

// defaultGroup is what events of one message have in common when a route does not say.
var defaultGroup = []string{"account", "class", "state"}

// groupOf names the group of e. Machines get every event, so what is one group for them
// only bounds how much goes into a message.
func groupOf(targetType string, by []string, e Event) string {
	switch targetType {
	case config.TargetEventBridge, config.TargetCloudWatch:
		return targetType
	}
	if len(by) == 0 {
		by = defaultGroup
	}
	parts := []string{e.Type}
	if e.Risk != "" {
		parts = append(parts, "risk="+e.Risk)
	}
	for _, name := range by {
		if value := e.field(name); value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, " ")
}
