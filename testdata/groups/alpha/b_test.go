//cohort:group stock

package alpha

import (
	"testing"

	"example.com/groups/trace"
)

func TestShelf(t *testing.T) { trace.Test(t) }

// TestReceipt has a directive of its own, which counts more than the file's.
//
//cohort:group checkout
func TestReceipt(t *testing.T) { trace.Test(t) }

func TestRestock(t *testing.T) { trace.Test(t) }
