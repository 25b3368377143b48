package chaos

import (
	"context"
	"math/rand/v2"
	"time"

	"holdfast/sim"
)

// awsFaults let AWS misbehave.
func awsFaults() []fault {
	return []fault{
		{"aws_throttle", 2, storm(sim.Throttle, 4*time.Second)},
		{"aws_5xx", 2, storm(sim.ServerError, 4*time.Second)},
		{"aws_expired_credentials", 1, inAccount(sim.Expired, 6*time.Second)},
		{"aws_role_revoked", 1, inAccount(sim.Denied, 10*time.Second)},
		{"aws_lost_answer", 3, onCalls(sim.LostAnswer)},
		{"aws_timeout_after", 3, onCalls(sim.Stall)},
		{"aws_hang", 1, onCalls(sim.Hang)},
		{"aws_lag", 1, lagging},
	}
}

// storm hits every call everywhere for up to most.
func storm(effect sim.Effect, most time.Duration) striker {
	return func(ctx context.Context, r *run, random *rand.Rand) bool {
		d := between(random, most/4, most)
		r.say("aws: %s for %s", effect, d.Round(100*time.Millisecond))
		r.world.Inject(sim.Fault{Effect: effect})
		_ = r.wall.Sleep(ctx, d)
		r.world.Lift(effect, "")
		return true
	}
}

// inAccount hits every call in one account for up to most.
func inAccount(effect sim.Effect, most time.Duration) striker {
	return func(ctx context.Context, r *run, random *rand.Rand) bool {
		// The first accounts have the most resources.
		account, d := r.world.Accounts()[random.IntN(4)], between(random, most/4, most)
		r.say("aws: %s in %s for %s", effect, account, d.Round(100*time.Millisecond))
		r.world.Inject(sim.Fault{Effect: effect, Account: account})
		_ = r.wall.Sleep(ctx, d)
		r.world.Lift(effect, account)
		return true
	}
}

// calls are what begins and ends artefacts.
var calls = [][2]string{
	{"ec2", "CreateSnapshot"}, {"ec2", "CopySnapshot"}, {"ec2", "DeleteSnapshot"}, {"ec2", "CreateImage"}, {"ec2", "CopyImage"},
	{"ec2", "DeregisterImage"}, {"ec2", "CreateVolume"}, {"ec2", "RunInstances"},
	{"rds", "CreateDBSnapshot"}, {"rds", "CopyDBSnapshot"}, {"rds", "DeleteDBSnapshot"}, {"rds", "RestoreDBInstanceFromDBSnapshot"},
	{"rds", "CreateDBClusterSnapshot"}, {"rds", "CopyDBClusterSnapshot"}, {"rds", "DeleteDBClusterSnapshot"},
	{"dynamodb", "CreateBackup"}, {"dynamodb", "DeleteBackup"}, {"dynamodb", "RestoreTableFromBackup"},
	{"fsx", "CreateBackup"}, {"fsx", "CopyBackup"}, {"fsx", "DeleteBackup"},
	{"storagegateway", "CreateSnapshot"},
	{"backup", "StartBackupJob"}, {"backup", "StartCopyJob"}, {"backup", "StartRestoreJob"}, {"backup", "DeleteRecoveryPoint"},
}

// onCalls hits the next few calls of one kind; one may never come.
func onCalls(effect sim.Effect) striker {
	return func(_ context.Context, r *run, random *rand.Rand) bool {
		call, times := calls[random.IntN(len(calls))], 1+random.IntN(5)
		r.say("aws: %s of %d %s:%s", effect, times, call[0], call[1])
		r.world.Inject(sim.Fault{Service: call[0], Operation: call[1], Effect: effect, Times: times})
		return true
	}
}

// lagging lets AWS show what it has made ninety seconds late, for ten of ours.
func lagging(ctx context.Context, r *run, _ *rand.Rand) bool {
	r.say("aws: new things show up 90 s late")
	r.world.SetLag(90 * time.Second)
	_ = r.wall.Sleep(ctx, 10*time.Second)
	r.world.SetLag(lag)
	return true
}
