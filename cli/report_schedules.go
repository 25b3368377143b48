package cli

import (
	"github.com/urfave/cli/v2"

	"holdfast/report/scheduled"
)

// schedulesWord stands where a kind of report does and lists those made by themselves.
const schedulesWord = "schedules"

// listSchedules lists the reports that are made by themselves and how they stand.
func listSchedules(ctx *cli.Context, d *desk) error {
	var c checks
	if ctx.NArg() != 1 {
		c.add("", "%s takes no argument", schedulesWord)
	}
	if err := c.err(); err != nil {
		return err
	}
	states, err := d.store.ScheduledReports(ctx.Context)
	if err != nil {
		return err
	}
	list := scheduled.Statuses(d.cfg.Reports.Schedules, states, d.clock.Now())
	if d.json {
		return printJSON(d.env.Stdout, map[string]any{"schedules": list})
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		said := s.Place
		if s.Error != "" {
			said = "fails: " + s.Error
		}
		rows[i] = []string{s.Name, s.Kind, s.Format, s.To, instantText(s.Next), instantText(s.WrittenAt), orDash(said)}
	}
	return table(d.env.Stdout, []string{"NAME", "KIND", "FORMAT", "TO", "NEXT", "WRITTEN", "LAST"}, rows)
}
