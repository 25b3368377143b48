package cloud

// Locked runs f while the service of a name answers nobody else: one service makes
// something of another one's. The services that do so form no circle: a storage gateway
// makes snapshots of EC2, and EC2 makes nothing.
func (c *Call) Locked(service string, f func()) {
	for _, h := range c.org.services {
		if h.Name == service {
			h.mu.Lock()
			defer h.mu.Unlock()
			break
		}
	}
	f()
}
