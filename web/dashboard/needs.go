package dashboard

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/policy/posture"
	"holdfast/web/frame"
)

// need is something a person should look at.
type need struct {
	Bad        bool // else it is worth knowing
	Title      string
	Text       string
	Link, Verb string
}

// maxNeeds is how many needs of one sort are named.
const maxNeeds = 6

// needsOf lists what needs a person, worst first. It is pure.
func needsOf(n night, state *postures, policies Policies, now time.Time) (list []need) {
	if !n.Leader.Held && !n.Leader.Now.IsZero() {
		list = append(list, need{true, "No scheduler leads this installation", "Nothing is planned and nothing waiting begins. Start holdfast up or holdfast scheduler.", "", ""})
	}
	list = append(list, breakerNeeds(n)...)
	list = append(list, policyNeeds(policies)...)
	list = append(list, failureNeeds(n, now)...)
	list = append(list, postureNeeds(state)...)
	list = append(list, capNeeds(n)...)
	return append(list, inventoryNeeds(n, now)...)
}

func breakerNeeds(n night) (list []need) {
	for _, b := range n.Breakers {
		if b.Open() && len(list) < maxNeeds {
			list = append(list, need{
				true, "Account " + b.Account + " starts nothing",
				fmt.Sprintf("Its role fails since %s: %s. The next job tries it at %s. Check that the role exists and trusts Holdfast.",
					frame.Stamp(b.OpenSince), b.Message, frame.Stamp(b.ProbeAt)),
				"/accounts/" + b.Account, "Look at the account",
			})
		}
	}
	return list
}

func policyNeeds(p Policies) (list []need) {
	if len(p.Problems) > 0 {
		list = append(list, need{true, "The policies have problems", "A restart would refuse them. The first: " + p.Problems[0].String(), "/policies", "Look at the policies"})
	}
	for _, text := range p.Withheld {
		list = append(list, need{true, "An organization policy is withheld", text, "/policies", "Look at the policies"})
	}
	return list
}

// failureNeeds groups what failed lately by class.
func failureNeeds(n night, now time.Time) []need {
	type sum struct {
		jobs     int
		accounts map[string]bool
		states   map[string]bool
	}
	classes := map[string]*sum{}
	for _, g := range n.Ill {
		if g.Last.Before(n.Since) || g.State == catalog.Aborted {
			continue
		}
		if classes[g.Class] == nil {
			classes[g.Class] = &sum{accounts: map[string]bool{}, states: map[string]bool{}}
		}
		c := classes[g.Class]
		c.jobs += g.Jobs
		c.accounts[g.Account], c.states[string(g.State)] = true, true
	}
	var list []need
	for class, c := range classes {
		q := url.Values{"since": {n.Since.UTC().Format(time.RFC3339)}}
		for state := range c.states {
			q.Add("state", state)
		}
		if class != "" {
			q.Set("class", class)
		}
		list = append(list, need{
			true, fmt.Sprintf("%s ended with %s in %s", jobsText(c.jobs), orOther(class), accountsText(c.accounts)),
			cmp.Or(remedyOf(class), "Look at what each of them says."), "/jobs?" + q.Encode(), "Look and retry",
		})
	}
	slices.SortFunc(list, func(a, b need) int { return strings.Compare(a.Title, b.Title) })
	return list[:min(len(list), maxNeeds)]
}

func jobsText(n int) string {
	if n == 1 {
		return "1 job"
	}
	return frame.Thousands(n) + " jobs"
}

func orOther(class string) string {
	if class == "" {
		return "no class"
	}
	return "“" + strings.ReplaceAll(class, "_", " ") + "”"
}

func accountsText(accounts map[string]bool) string {
	if len(accounts) == 1 {
		for account := range accounts {
			return "account " + account
		}
	}
	return fmt.Sprintf("%d accounts", len(accounts))
}

func postureNeeds(state *postures) (list []need) {
	if c := state.Counts[posture.Never]; c > 0 {
		list = append(list, need{true, frame.Thousands(c) + " resources have no recovery point", "A rule takes them and no backup has completed yet.", "/resources?status=never", "See which"})
	}
	if c := state.Counts[posture.Missed]; c > 0 {
		list = append(list, need{true, frame.Thousands(c) + " resources miss their objective", "Their newest good point is older than it may be.", "/resources?status=missed", "See which"})
	}
	if c := state.Counts[posture.Unprotected]; c > 0 {
		list = append(list, need{false, "No rule takes " + frame.Thousands(c) + " resources", "If one of them matters, tag it or select it in a plan.", "/resources?status=unprotected", "See which"})
	}
	return list
}

func capNeeds(n night) (list []need) {
	for _, c := range n.Caps {
		if c.Limit == 0 && len(list) < maxNeeds {
			list = append(list, need{false, c.Key + " is paused", fmt.Sprintf("%s set it to 0 on %s. What waits there does not begin.", c.UpdatedBy, frame.Stamp(c.UpdatedAt)), "/accounts", "Change the cap"})
		}
	}
	return list
}

// inventoryNeeds names accounts that cannot be listed: what is new there is not seen.
func inventoryNeeds(n night, now time.Time) (list []need) {
	failing := map[string]catalog.InventoryScope{}
	for _, s := range n.Scopes {
		if s.Class != "" && s.Class != failure.Throttled {
			failing[s.Account] = s
		}
	}
	for account, s := range failing {
		list = append(list, need{
			false, "Account " + account + " cannot be listed",
			fmt.Sprintf("%s in %s: %s (%s). New resources there are not seen.", s.Kind, s.Region, s.Message, s.Class), "/accounts/" + account, "Look at the account",
		})
	}
	slices.SortFunc(list, func(a, b need) int { return strings.Compare(a.Title, b.Title) })
	return list[:min(len(list), maxNeeds)]
}
