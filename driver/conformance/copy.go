package conformance

import (
	"context"
	"errors"
	"fmt"

	"holdfast/driver"
)

func copyChecks() []Check {
	return []Check{
		{Name: "copy-independent", Proves: "A copy outlives its source.", needs: copies, run: checkCopyIndependent},
		{Name: "copy-encrypted", Proves: "A copy asked for with a key is encrypted.", needs: copies, run: checkCopyEncrypted},
	}
}

func checkCopyIndependent(ctx context.Context, e *env) error {
	a, err := e.action(ctx, driver.Copy)
	if err != nil {
		return err
	}
	sources, err := a.lab.Points(ctx, a.lab.Home())
	if err != nil || len(sources) != 1 {
		return fmt.Errorf("%d sources: %w", len(sources), errors.Join(err, errors.New("want one")))
	}
	ref, err := a.start(ctx, a.lab.mark(a.source))
	if err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	if err := a.lab.delete(ctx, sources[0].Ref); err != nil {
		return err
	}
	if err := a.lab.finish(ctx); err != nil {
		return err
	}
	_, err = a.lab.succeeded(ctx, driver.Copy, a.scope, ref)
	return errors.Join(err, a.lab.wantThere(ctx, sources[0].Ref, false), a.wantMade(ctx, 1))
}

func checkCopyEncrypted(ctx context.Context, e *env) error {
	l, err := e.lab(ctx)
	if err != nil {
		return err
	}
	if e.CopyKey == "" {
		return errors.New("the harness names no key for copies")
	}
	r, p, err := l.point(ctx, installation)
	if err != nil {
		return err
	}
	ref, err := l.d.(driver.Copier).Copy(ctx, driver.CopyRequest{
		Scope: l.Away(), Mark: l.mark(r.ARN), Source: p, SourceScope: l.Home(), KMSKeyID: e.CopyKey, Vault: vault,
	})
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	status, err := l.succeeded(ctx, driver.Copy, l.Away(), ref)
	if err == nil && !status.Point.Encrypted {
		return fmt.Errorf("the copy made with key %s is not encrypted", e.CopyKey)
	}
	return err
}
