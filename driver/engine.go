package driver

import "fmt"

// Engine is the AWS machinery a driver works through. One kind may have several; what a
// rule does not choose is the kind's default.
type Engine string

// The engines.
const (
	// Native is the kind's own snapshot or backup API.
	Native Engine = "native"
	// AWSBackup is the AWS Backup service.
	AWSBackup Engine = "aws-backup"
)

// Engines returns every engine in a fixed order, the preferred one first.
func Engines() []Engine { return []Engine{Native, AWSBackup} }

// ParseEngine returns the engine spelled s, or an error that lists the valid spellings.
func ParseEngine(s string) (Engine, error) {
	for _, e := range Engines() {
		if string(e) == s {
			return e, nil
		}
	}
	return "", fmt.Errorf("unknown engine %q: use %s or %s", s, Native, AWSBackup)
}
