package failure

// remedies say what a person can do about a class, where one can.
var remedies = map[Class]string{
	Throttled:   "AWS asked for fewer calls. The job is tried again by itself; if it lasts, lower the caps of the account or find who else calls this API there.",
	Busy:        "The resource is in a state that passes. The job is tried again by itself.",
	Quota:       "An AWS quota is used up. Delete what is not needed, or raise the quota in Service Quotas; the job is tried again by itself.",
	Transient:   "The network or AWS failed for a moment. The job is tried again by itself.",
	Credentials: "Holdfast cannot act in the account. Check that its role exists there and trusts Holdfast; see holdfast doctor.",
	Denied:      "IAM or a service control policy refused the call. Compare the role with holdfast driver list, then retry the job.",
	KMS:         "A key is missing, disabled, or not Holdfast's to use. Enable it, or let the role use it in the key's policy, then retry the job.",
	Invalid:     "AWS refused the parameters. Read what it said, change the policy or the restore's parameters, and ask again.",
	Unsupported: "This kind or this resource cannot do what was asked. Change the rule, or use another engine.",
	NotFound:    "The resource or recovery point is gone on AWS. If it was deleted on purpose there is nothing to do.",
	Conflict:    "A name is taken by something else. Choose another in the restore's parameters.",
	Held:        "A guard keeps the recovery point: a hold, or that it is the last good one. Take the hold off first if it must go.",
	Window:      "The job did not begin, or did not end, in its window. Look at what it waited for: a cap may be too low, or the window too short.",
	Internal:    "Holdfast met what should not be. The job is tried again by itself; if it fails for good, report it with the job's timeline.",
}

// Remedy says what a person can do about c, "" for no class.
func (c Class) Remedy() string { return remedies[c] }
