package node

import (
	"context"
	"errors"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// pause lies between two tries of a call that no server has answered.
const pause = time.Second

// patiently makes a call until a server has answered it or ctx has ended.
func patiently(ctx context.Context, call func() error) error {
	for {
		err := call()
		if !errors.Is(err, remote.ErrUnreachable) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
