package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast/internal/fleet"
)

// announce says what runs and where to look.
func announce(w io.Writer, o options, dir string, f *fleet.Fleet) {
	lives := "removed at the end, -dir keeps it"
	if o.dir != "" {
		lives = "kept"
	}
	fmt.Fprintf(w, `
running: %s

  overview     %s
  queues       %s/asynqmon/
  metrics      %s/metrics
  AWS (moto)   %s   accounts %s, regions %s
  config       %s
  logs         %s (%s)

try, in another terminal:

  %[11]s jobs list --config %[8]s
  %[11]s points list --config %[8]s
  %[11]s inventory list --config %[8]s
  %[11]s limits show --config %[8]s

Every account and region has four volumes, two DB instances and two tables; half of them
carry the tag backup=daily. The policy fires first at %[12]s UTC and then daily at that
time: it backs up what has the tag, and copies the volumes and instances of %[13]s to
%[14]s. Ctrl-C stops everything.

`, strings.Join(f.Names(), " "), f.WebURL, f.WebURL, f.WebURL, f.Moto.URL,
		strings.Join(accounts, " "), strings.Join(regions, " "), f.Config, dir, lives, o.binary,
		f.FireAt.Format(time.TimeOnly), regions[0], regions[1])
}
