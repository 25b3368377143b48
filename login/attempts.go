package login

import (
	"net/netip"
	"sync"
	"time"
)

// How many wrong passwords are taken in a window before the next is not looked at. A name
// alone has a high limit: a low one would let anybody lock anybody out.
const (
	window        = 15 * time.Minute
	perBoth       = 5 // of one name from one address
	perAddress    = 50
	perName       = 100
	maxRemembered = 10_000
)

// attempts counts wrong passwords.
type attempts struct {
	mu     sync.Mutex
	counts map[string]*count
}

type count struct {
	n     int
	until time.Time // when it is forgotten
}

// limits names what an attempt counts for, with the most of each.
func limits(name, from string) map[string]int {
	from = network(from)
	return map[string]int{"b " + from + " " + name: perBoth, "a " + from: perAddress, "n " + name: perName}
}

// network is the part of an address that one person has: all of IPv4, 64 bits of IPv6.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() || ip.Is4In6() {
		return address
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// wait returns how long nobody may try this name from there; 0 when one may.
func (a *attempts) wait(name, from string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var longest time.Duration
	for key, most := range limits(name, from) {
		if c := a.counts[key]; c != nil && c.n >= most && c.until.After(now) {
			longest = max(longest, c.until.Sub(now))
		}
	}
	return longest
}

// failed counts a wrong password.
func (a *attempts) failed(name, from string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(now)
	for key := range limits(name, from) {
		c := a.counts[key]
		if c == nil || !c.until.After(now) {
			c = &count{until: now.Add(window)}
			a.counts[key] = c
		}
		c.n++
	}
}

// forget makes room: what is over first and, under attack from everywhere, all of it.
func (a *attempts) forget(now time.Time) {
	if len(a.counts) < maxRemembered {
		return
	}
	for key, c := range a.counts {
		if !c.until.After(now) {
			delete(a.counts, key)
		}
	}
	if len(a.counts) >= maxRemembered {
		clear(a.counts)
	}
}

// succeeded forgets the wrong passwords before a right one.
func (a *attempts) succeeded(name, from string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.counts, "b "+network(from)+" "+name)
}
