package cloud

// Interface is a network interface that a service has in a customer's network.
type Interface struct {
	ID, SubnetID, VPCID string
	Groups              []string // security groups
}

// Networked is a Service with network interfaces in its customers' networks.
type Networked interface {
	Interfaces(p Place) []Interface
}

// Interfaces returns what all services have in the place of the call. Only EC2 calls it:
// no service with interfaces may call EC2.
func (c *Call) Interfaces() []Interface {
	var all []Interface
	for _, h := range c.org.services {
		s, ok := h.Service.(Networked)
		if !ok {
			continue
		}
		h.mu.Lock()
		all = append(all, s.Interfaces(c.Place)...)
		h.mu.Unlock()
	}
	return all
}
