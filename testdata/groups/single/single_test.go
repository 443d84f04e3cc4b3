//cohort:group all

package single

import (
	"testing"

	"example.com/groups/trace"
)

func TestFirst(t *testing.T) { trace.Test(t) }

func TestSecond(t *testing.T) { trace.Test(t) }

func TestThird(t *testing.T) { trace.Test(t) }
