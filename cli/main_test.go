package cli

import (
	"flag"
	"os"
	"testing"

	"github.com/urfave/cli/v2"
)

// sharedFlag is a flag that all command trees of a process share and that remembers
// nothing of a run. The library's own help and version flags are written to by every run,
// which is no matter in a program that runs once and a data race in parallel tests.
type sharedFlag struct{ *cli.BoolFlag }

// Apply adds the flag to a set without changing it.
func (f sharedFlag) Apply(set *flag.FlagSet) error {
	once := *f.BoolFlag
	return once.Apply(set)
}

func TestMain(m *testing.M) {
	for _, shared := range []*cli.Flag{&cli.HelpFlag, &cli.VersionFlag} {
		if own, ok := (*shared).(*cli.BoolFlag); ok {
			*shared = sharedFlag{own}
		}
	}
	os.Exit(m.Run())
}
