package awserr

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/failure"
)

// OnlyThrottles returns a retryer that tries a call again only when AWS refused it for
// its rate, and otherwise is r. It is for calls that make something and take no token:
// after a lost answer, a timeout or a 5xx nobody knows whether the thing was made, and
// the SDK's own second attempt would make another.
func OnlyThrottles(r aws.Retryer) aws.Retryer {
	if v2, ok := r.(aws.RetryerV2); ok {
		return throttlesV2{v2}
	}
	return throttles{r}
}

type throttles struct{ aws.Retryer }

// IsErrorRetryable reports whether err is a throttle.
func (throttles) IsErrorRetryable(err error) bool { return throttledByAWS(err) }

// throttlesV2 keeps the attempt tokens of the SDK's newer retryers.
type throttlesV2 struct{ aws.RetryerV2 }

// IsErrorRetryable reports whether err is a throttle.
func (throttlesV2) IsErrorRetryable(err error) bool { return throttledByAWS(err) }

// throttledByAWS tells a throttle from an error that has its class and says itself that
// trying again is of no use: a call our own budget put off.
func throttledByAWS(err error) bool {
	said, ok := errors.AsType[interface {
		error
		RetryableError() bool
	}](err)
	return Classify(err) == failure.Throttled && (!ok || said.RetryableError())
}
