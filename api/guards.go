package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"holdfast/catalog"
	"holdfast/operator"
)

// guards are the requests about what keeps recovery points from being deleted.
func (s *server) guards(api huma.API) {
	route(s, api, http.MethodGet, "/holds", "list-holds", "guards", "List legal holds, newest first", s.listHolds)
	route(s, api, http.MethodGet, "/vaults", "list-vault-locks", "guards", "List the locks of vaults", s.listLocks)
	route(s, api, http.MethodPut, "/vaults/{vault}/lock", "lock-vault", "guards", "Lock every vault of a name, or make its lock longer", s.lockVault)
	route(s, api, http.MethodDelete, "/vaults/{vault}/lock", "unlock-vault", "guards", "Take a lock off that is not final", s.unlockVault)
	route(s, api, http.MethodGet, "/deletions", "list-stopped-deletions", "guards", "List deletions that stopped because too many were due", s.listStops)
	route(s, api, http.MethodPost, "/deletions/approve", "approve-deletions", "guards", "Let stopped deletions go on for a while", s.approve)
}

func (s *server) listHolds(ctx context.Context, in *struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
}) (*body[Holds], error) {
	holds, err := s.Catalog.HeldPoints(ctx, catalog.HoldLegal, in.Limit)
	return answer(Holds{append([]catalog.Hold{}, holds...)}, err)
}

// VaultLocks are the vaults that are locked.
type VaultLocks struct {
	Locks []catalog.VaultLock `json:"locks"`
}

func (s *server) listLocks(ctx context.Context, _ *struct{}) (*body[VaultLocks], error) {
	locks, err := s.Catalog.VaultLocks(ctx)
	return answer(VaultLocks{append([]catalog.VaultLock{}, locks...)}, err)
}

// VaultName names a vault in a path.
type VaultName struct {
	Vault string `path:"vault" maxLength:"50"`
}

func (s *server) lockVault(ctx context.Context, in *struct {
	VaultName
	Body struct {
		Mode      catalog.LockMode `json:"mode" doc:"governance or compliance"`
		MinDays   int              `json:"min_days" doc:"every point is kept this many days after it was completed"`
		GraceDays int              `json:"grace_days,omitempty" doc:"of a compliance lock: until then it can be taken back; 3 or more"`
		Reason    string           `json:"reason,omitempty"`
	}
}) (*body[catalog.VaultLock], error) {
	return answer(s.desk(ctx).LockVault(ctx, operator.LockRequest{
		Vault: in.Vault, Mode: in.Body.Mode, MinDays: in.Body.MinDays, GraceDays: in.Body.GraceDays, Reason: in.Body.Reason,
	}))
}

func (s *server) unlockVault(ctx context.Context, in *struct {
	VaultName
	Reason string `query:"reason" maxLength:"1000" doc:"why; must be given"`
}) (*body[VaultLocks], error) {
	if err := s.desk(ctx).UnlockVault(ctx, in.Vault, in.Reason); err != nil {
		return nil, err
	}
	return s.listLocks(ctx, nil)
}

// Stops are the deletions that stopped.
type Stops struct {
	Stops []catalog.Stop `json:"stops"`
}

func (s *server) listStops(ctx context.Context, _ *struct{}) (*body[Stops], error) {
	stops, err := s.Catalog.Stops(ctx)
	return answer(Stops{append([]catalog.Stop{}, stops...)}, err)
}

func (s *server) approve(ctx context.Context, in *body[struct {
	Subject string  `json:"subject" doc:"the ARN of a resource, or installation"`
	Hours   float64 `json:"hours" doc:"how long the approval lasts"`
	Reason  string  `json:"reason"`
}]) (*body[Stops], error) {
	err := s.desk(ctx).Approve(ctx, operator.ApproveRequest{
		Subject: in.Body.Subject, For: time.Duration(in.Body.Hours * float64(time.Hour)), Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	return s.listStops(ctx, nil)
}
