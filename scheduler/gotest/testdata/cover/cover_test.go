package cover

import "testing"

func TestA(t *testing.T) {
	for range 3 {
		Sign(-1)
	}
}

func TestB(t *testing.T) { Sign(4) }

func TestC(t *testing.T) { Sign(0) }
