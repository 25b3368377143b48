package awserr

import "holdfast/failure"

// shared has the codes that mean the same in every service. LimitExceededException is
// absent on purpose: in some services it is a throttle, in others a quota, so each kind
// must say. Sources:
// https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
var shared = Table{
	"BandwidthLimitExceeded":                 failure.Throttled,
	"EC2ThrottledException":                  failure.Throttled,
	"PriorRequestNotComplete":                failure.Throttled,
	"ProvisionedThroughputExceededException": failure.Throttled,
	"RequestLimitExceeded":                   failure.Throttled,
	"RequestThrottled":                       failure.Throttled,
	"RequestThrottledException":              failure.Throttled,
	"SlowDown":                               failure.Throttled,
	"ThrottledException":                     failure.Throttled,
	"Throttling":                             failure.Throttled,
	"ThrottlingException":                    failure.Throttled,
	"TooManyRequestsException":               failure.Throttled,
	"TransactionInProgressException":         failure.Throttled,

	"InternalError":               failure.Transient,
	"InternalFailure":             failure.Transient,
	"InternalServerError":         failure.Transient,
	"InternalServiceError":        failure.Transient,
	"RequestTimeout":              failure.Transient,
	"RequestTimeoutException":     failure.Transient,
	"ServiceUnavailable":          failure.Transient,
	"ServiceUnavailableException": failure.Transient,
	"Unavailable":                 failure.Transient,

	"AuthFailure":                 failure.Credentials,
	"ExpiredToken":                failure.Credentials,
	"ExpiredTokenException":       failure.Credentials,
	"IncompleteSignature":         failure.Credentials,
	"InvalidClientTokenId":        failure.Credentials,
	"MissingAuthenticationToken":  failure.Credentials,
	"RequestExpired":              failure.Credentials,
	"SignatureDoesNotMatch":       failure.Credentials,
	"UnrecognizedClientException": failure.Credentials,

	"AccessDenied":          failure.Denied,
	"AccessDeniedException": failure.Denied,
	"Blocked":               failure.Denied,
	"NotAuthorized":         failure.Denied,
	"OptInRequired":         failure.Denied,
	"UnauthorizedOperation": failure.Denied,

	"DisabledException":         failure.KMS,
	"KMSInvalidStateException":  failure.KMS,
	"KMSKeyNotAccessibleFault":  failure.KMS,
	"KMS.AccessDeniedException": failure.KMS,
	"KMS.DisabledException":     failure.KMS,
	"KMS.NotFoundException":     failure.KMS,

	"IdempotentParameterMismatch": failure.Conflict,

	"InvalidAction":                 failure.Invalid,
	"InvalidInput":                  failure.Invalid,
	"InvalidParameterCombination":   failure.Invalid,
	"InvalidParameterValue":         failure.Invalid,
	"InvalidQueryParameter":         failure.Invalid,
	"MalformedPolicyDocument":       failure.Invalid,
	"MalformedQueryString":          failure.Invalid,
	"MissingParameter":              failure.Invalid,
	"PackedPolicyTooLarge":          failure.Invalid,
	"RegionDisabledException":       failure.Invalid,
	"SerializationException":        failure.Invalid,
	"UnknownParameter":              failure.Invalid,
	"ValidationError":               failure.Invalid,
	"ValidationException":           failure.Invalid,
	"UnsupportedOperation":          failure.Unsupported,
	"UnsupportedOperationException": failure.Unsupported,
}
