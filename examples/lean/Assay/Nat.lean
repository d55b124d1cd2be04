prelude
import Assay.Core
set_option genCtorIdx false
noncomputable section

protected def Nat.add : Nat → Nat → Nat
  | a, .zero => a
  | a, .succ b => .succ (Nat.add a b)
instance instAddNat : Add Nat := ⟨Nat.add⟩
theorem Nat.zero_add : (a : Nat) → Eq (HAdd.hAdd (0 : Nat) a) a
  | .zero => rfl
  | .succ a => congrArg Nat.succ (zero_add a)
theorem Nat.add_zero (a : Nat) : Eq (HAdd.hAdd a (0 : Nat)) a := rfl
