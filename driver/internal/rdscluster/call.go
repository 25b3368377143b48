package rdscluster

import (
	"context"

	"holdfast/driver/internal/fields"
	"holdfast/failure"
)

// Call makes a call of another service's SDK with input and output in RDS's types: fields
// go over by name. An input field that is set and that the other service does not have is
// an error of class internal, before the call; output fields RDS does not have are left out.
func Call[RO, RI, I, O, Options any](
	ctx context.Context, in *RI, call func(context.Context, *I, ...func(*Options)) (*O, error),
) (*RO, error) {
	input, output := new(I), new(RO)
	if lost := fields.Move(input, in); lost != "" {
		return nil, failure.Errorf(failure.Internal, "%T has no %s", *input, lost)
	}
	out, err := call(ctx, input)
	if err != nil {
		return nil, err
	}
	fields.Move(output, out)
	return output, nil
}
