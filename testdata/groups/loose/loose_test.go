package loose

import (
	"testing"

	"example.com/groups/trace"
)

func TestA(t *testing.T) { trace.Test(t) }

func TestB(t *testing.T) { trace.Test(t) }

func TestC(t *testing.T) { trace.Test(t) }

func TestD(t *testing.T) { trace.Test(t) }

func TestE(t *testing.T) { trace.Test(t) }

func TestF(t *testing.T) { trace.Test(t) }

func TestG(t *testing.T) { trace.Test(t) }

func TestH(t *testing.T) { trace.Test(t) }

func TestI(t *testing.T) { trace.Test(t) }

func TestJ(t *testing.T) { trace.Test(t) }
