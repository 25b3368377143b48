package app

import (
	"bytes"
	"context"
	"io"

	"holdfast/catalog/archive"
	"holdfast/catalog/ledger"
	"holdfast/config"
	"holdfast/failure"
	"holdfast/report"
)

// The exports that reports.schedules takes for kinds, beside those of reports.
const (
	exportCatalog = "catalog" // what `holdfast catalog export` writes
	exportLedger  = "ledger"  // what `holdfast audit export` writes
)

var exports = map[string]bool{exportCatalog: true, exportLedger: true}

// maxExport bounds an export that is made by itself, which is in memory for a while: about
// a million recovery points.
const maxExport = 1 << 30

// exportFaults says what is wrong with an export: it has no settings but when and where.
func exportFaults(cfg *config.Config, s config.ReportSchedule) (faults []report.Fault) {
	for field, set := range map[string]bool{"by": s.By != "", "period": s.Period > 0, "table": s.Table != ""} {
		if set {
			faults = append(faults, report.Fault{Field: field, Message: "export " + s.Kind + " is everything there is: remove it"})
		}
	}
	return append(faults, placeFaults(cfg, s)...)
}

// export returns what makes an export of kind.
func (a *App) export(kind string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		var out bounded
		var err error
		if kind == exportLedger {
			_, err = ledger.Export(ctx, a.Store, &out)
		} else {
			_, err = archive.Write(ctx, a.Store, &out)
		}
		return out.Bytes(), err
	}
}

// bounded is a buffer that takes maxExport bytes at most.
type bounded struct{ bytes.Buffer }

var _ io.Writer = (*bounded)(nil)

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxExport {
		return 0, failure.Errorf(failure.Unsupported, "the export has more than %d bytes: run `holdfast catalog export` or `holdfast audit export` in a job of your own", maxExport)
	}
	return b.Buffer.Write(p)
}
