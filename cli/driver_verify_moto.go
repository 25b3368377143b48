package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/driver"
	"holdfast/driver/all"
	"holdfast/driver/conformance"
	"holdfast/driver/verify"
	"holdfast/internal/awssession"
	"holdfast/internal/localserver"
	"holdfast/resource"
)

// Where resources are made in moto. An account there begins with its first role.
const (
	motoAccount = "111122223333"
	motoHome    = "us-east-1"
	motoAway    = "eu-west-1"

	motoEvery = time.Second
	motoLimit = time.Minute
)

// verifyMoto takes a resource of each kind through its life in a moto server: the one at
// --endpoint, or one that is started for it.
func verifyMoto(ctx *cli.Context, env Env, subjects []verify.Subject) (results []verify.Result, err error) {
	url := ctx.String("endpoint")
	if url == "" {
		dir, err := os.MkdirTemp("", "holdfast-moto-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a log of a server that has ended
		server, err := localserver.StartMoto(dir)
		if err != nil {
			return nil, err
		}
		defer server.Kill()
		url = server.URL
	}
	installation := "verify"
	sessions, err := awssession.NewProvider(ctx.Context, awssession.EmulatorOptions(url, installation, motoHome))
	if err != nil {
		return nil, err
	}
	drivers := all.New(sessions)
	for i, s := range subjects {
		results = append(results, inMoto(drivers, s, env, installation).Run(ctx.Context)...)
		if !jsonWanted(ctx) {
			showDone(env, i+1, len(subjects))
		}
	}
	return results, ctx.Err()
}

// inMoto returns the run of one driver. Job ids are new each time, for a server that was
// used before.
func inMoto(drivers *driver.Registry, s verify.Subject, env Env, installation string) verify.Live {
	d, _ := drivers.For(s.Driver.Descriptor().Kind, driver.EngineOf(s.Driver))
	home := resource.Scope{Partition: "aws", Account: motoAccount, Region: motoHome}
	away := home
	away.Region = motoAway
	began := env.Clock.Now().UnixNano()
	return verify.Live{
		Driver: d.(conformance.Tried), Home: home, Away: away, Installation: installation, // subjectsOf has looked
		Clock: env.Clock, Every: motoEvery, Limit: motoLimit,
		JobID: func(n int) string { return base32Digits(fmt.Sprintf("%026d", began+int64(n))) },
	}
}

// base32Digits writes the decimal digits of a number as letters base32 has.
func base32Digits(digits string) string {
	letters := "abcdefghij"
	return strings.Map(func(r rune) rune { return rune(letters[r-'0']) }, digits)
}
