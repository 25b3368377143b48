package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// The shapes of output.
const (
	outputText = "text"
	outputJSON = "json"
)

// outputFlag is on every command that prints something.
func outputFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "output", Aliases: []string{"o"}, Value: outputText, Usage: "text or json",
		Action: func(_ *cli.Context, value string) error {
			if value != outputText && value != outputJSON {
				return badInput("--output %q: use text or json", value)
			}
			return nil
		},
	}
}

// jsonWanted reports whether the command is to print JSON.
func jsonWanted(ctx *cli.Context) bool { return ctx.String("output") == outputJSON }

// printJSON writes v as one indented document.
func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// table prints aligned columns under a header.
func table(w io.Writer, header []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(header, "\t"))
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	return tw.Flush()
}

// fields prints a name and a value a line, leaving out what has no value.
func fields(w io.Writer, list [][2]string) error {
	tw := tabwriter.NewWriter(w, 13, 0, 2, ' ', 0)
	for _, f := range list {
		if f[1] != "" && f[1] != "-" {
			fmt.Fprintf(tw, "%s\t%s\n", f[0], f[1])
		}
	}
	return tw.Flush()
}
