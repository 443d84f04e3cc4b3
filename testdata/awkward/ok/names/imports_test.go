package names

import (
	tst "testing"
)

func TestRenamedImport(t *tst.T) {}

func TestBlankParameter(_ *tst.T) {}

func TestUnnamedParameter(*tst.T) {}
