package iam

import (
	"holdfast/driver"
	"holdfast/internal/awssession"
)

// Sessions returns sessions for one driver, each of which can do no more than the
// descriptor of the driver lists for its purpose.
func Sessions(sessions awssession.Provider, d driver.Descriptor) awssession.Provider {
	return awssession.Narrow(sessions, PolicyName(d), d.Actions)
}

// PolicyName names the session policies of a driver.
func PolicyName(d driver.Descriptor) string {
	engine := d.Engine
	if engine == "" {
		engine = driver.Native
	}
	return string(d.Kind) + " by " + string(engine)
}
