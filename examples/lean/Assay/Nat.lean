prelude
import Assay.Logic
/-! Natural numbers: operations, order, and what is known of them. -/

instance instAddNat : Add Nat := ⟨Nat.add⟩
instance instSubNat : Sub Nat := ⟨Nat.sub⟩
instance instMulNat : Mul Nat := ⟨Nat.mul⟩
instance instPowNat : Pow Nat Nat := ⟨Nat.pow⟩
instance instDecidableEqNat : DecidableEq Nat := Nat.decEq
instance instBEqNat : BEq Nat := ⟨Nat.beq⟩
instance : BEq Bool := ⟨fun a b => decide (a = b)⟩

namespace Nat

variable {a b c m n k : Nat}

/-- Has `induction` and `cases` say `0` and `n + 1`. -/
@[elab_as_elim, induction_eliminator] protected def recAux {motive : Nat → Sort u}
    (zero : motive 0) (succ : ∀ n, motive n → motive (n + 1)) (t : Nat) : motive t :=
  match t with
  | 0 => zero
  | n + 1 => succ n (Nat.recAux zero succ n)

@[elab_as_elim, cases_eliminator] protected abbrev casesAuxOn {motive : Nat → Sort u} (t : Nat)
    (zero : motive 0) (succ : ∀ n, motive (n + 1)) : motive t :=
  match t with
  | 0 => zero
  | n + 1 => succ n

/-! Addition. -/

@[simp] theorem add_zero (a : Nat) : a + 0 = a := rfl

theorem add_succ (a b : Nat) : a + succ b = succ (a + b) := rfl

theorem add_one (a : Nat) : a + 1 = succ a := rfl

@[simp] theorem zero_add (a : Nat) : 0 + a = a := by
  induction a with
  | zero => rfl
  | succ a ih => exact congrArg succ ih

theorem succ_add (a b : Nat) : succ a + b = succ (a + b) := by
  induction b with
  | zero => rfl
  | succ b ih => exact congrArg succ ih

protected theorem add_comm (a b : Nat) : a + b = b + a := by
  induction b with
  | zero => rw [zero_add, add_zero]
  | succ b ih => rw [add_one, add_succ, succ_add, ih]

protected theorem add_assoc (a b c : Nat) : a + b + c = a + (b + c) := by
  induction c with
  | zero => rfl
  | succ c ih => exact congrArg succ ih

protected theorem add_left_comm (a b c : Nat) : a + (b + c) = b + (a + c) := by
  rw [← Nat.add_assoc, Nat.add_comm a b, Nat.add_assoc]

protected theorem add_right_comm (a b c : Nat) : a + b + c = a + c + b := by
  rw [Nat.add_assoc, Nat.add_comm b, Nat.add_assoc]

protected theorem add_left_cancel (h : a + b = a + c) : b = c := by
  induction a with
  | zero => rwa [zero_add, zero_add] at h
  | succ a ih =>
    rw [add_one, succ_add, succ_add] at h
    injection h with h
    exact ih h

protected theorem add_right_cancel (h : a + c = b + c) : a = b := by
  rw [Nat.add_comm a, Nat.add_comm b] at h
  exact Nat.add_left_cancel h

/-! Multiplication. -/

@[simp] theorem mul_zero (a : Nat) : a * 0 = 0 := rfl

theorem mul_succ (a b : Nat) : a * succ b = a * b + a := rfl

@[simp] theorem zero_mul (a : Nat) : 0 * a = 0 := by
  induction a with
  | zero => rfl
  | succ a ih => rw [add_one, mul_succ, ih]

theorem succ_mul (a b : Nat) : succ a * b = a * b + b := by
  induction b with
  | zero => rfl
  | succ b ih =>
    rw [add_one, mul_succ, mul_succ, ih, add_succ, add_succ, Nat.add_right_comm]

protected theorem mul_comm (a b : Nat) : a * b = b * a := by
  induction b with
  | zero => rw [zero_mul, mul_zero]
  | succ b ih => rw [add_one, mul_succ, succ_mul, ih]

@[simp] protected theorem mul_one (a : Nat) : a * 1 = a := zero_add a

@[simp] protected theorem one_mul (a : Nat) : 1 * a = a := by rw [Nat.mul_comm, Nat.mul_one]

protected theorem left_distrib (a b c : Nat) : a * (b + c) = a * b + a * c := by
  induction c with
  | zero => rfl
  | succ c ih => rw [← Nat.add_assoc, add_one, add_one, mul_succ, mul_succ, ih, Nat.add_assoc]

protected theorem right_distrib (a b c : Nat) : (a + b) * c = a * c + b * c := by
  rw [Nat.mul_comm, Nat.left_distrib, Nat.mul_comm c a, Nat.mul_comm c b]

protected theorem mul_assoc (a b c : Nat) : a * b * c = a * (b * c) := by
  induction c with
  | zero => rfl
  | succ c ih => rw [add_one, mul_succ, mul_succ, Nat.left_distrib, ih]

/-! Powers. -/

@[simp] protected theorem pow_zero (a : Nat) : a ^ 0 = 1 := rfl

protected theorem pow_succ (a b : Nat) : a ^ succ b = a ^ b * a := rfl

/-! Order. -/

protected inductive le (a : Nat) : Nat → Prop where
  | refl : Nat.le a a
  | step {b : Nat} : Nat.le a b → Nat.le a (succ b)

instance _root_.instLENat : LE Nat := ⟨Nat.le⟩
instance _root_.instLTNat : LT Nat := ⟨fun a b => Nat.le (a + 1) b⟩

@[simp] protected theorem le_refl (a : Nat) : a ≤ a := le.refl

theorem le_succ (a : Nat) : a ≤ succ a := .step .refl

theorem le_step (h : a ≤ b) : a ≤ succ b := .step h

protected theorem le_trans (h : a ≤ b) (k : b ≤ c) : a ≤ c := by
  induction k with
  | refl => exact h
  | step _ ih => exact .step ih

instance : Trans (α := Nat) (· ≤ ·) (· ≤ ·) (· ≤ ·) := ⟨Nat.le_trans⟩

theorem zero_le (a : Nat) : 0 ≤ a := by
  induction a with
  | zero => exact .refl
  | succ a ih => exact .step ih

theorem succ_le_succ (h : a ≤ b) : succ a ≤ succ b := by
  induction h with
  | refl => exact .refl
  | step _ ih => exact .step ih

theorem le_of_succ_le (h : succ a ≤ b) : a ≤ b := Nat.le_trans (le_succ a) h

theorem pred_le_pred (h : a ≤ b) : pred a ≤ pred b := by
  cases h with
  | refl => exact .refl
  | step h =>
    cases a with
    | zero => exact h
    | succ a => exact le_of_succ_le h

theorem le_of_succ_le_succ (h : succ a ≤ succ b) : a ≤ b := pred_le_pred h

theorem not_succ_le_zero (a : Nat) : ¬succ a ≤ 0 := fun h => nomatch h

theorem not_succ_le_self (a : Nat) : ¬succ a ≤ a := by
  induction a with
  | zero => exact not_succ_le_zero 0
  | succ a ih => exact fun h => ih (le_of_succ_le_succ h)

protected theorem le_of_lt (h : a < b) : a ≤ b := le_of_succ_le h

protected theorem lt_irrefl (a : Nat) : ¬a < a := not_succ_le_self a

theorem lt_succ_self (a : Nat) : a < succ a := .refl

theorem zero_lt_succ (a : Nat) : 0 < succ a := succ_le_succ (zero_le a)

protected theorem lt_of_lt_of_le (h : a < b) (k : b ≤ c) : a < c := Nat.le_trans h k

protected theorem lt_of_le_of_lt (h : a ≤ b) (k : b < c) : a < c :=
  Nat.le_trans (succ_le_succ h) k

protected theorem lt_trans (h : a < b) (k : b < c) : a < c := Nat.le_trans h (le_of_succ_le k)

instance : Trans (α := Nat) (· < ·) (· < ·) (· < ·) := ⟨Nat.lt_trans⟩
instance : Trans (α := Nat) (· < ·) (· ≤ ·) (· < ·) := ⟨Nat.lt_of_lt_of_le⟩
instance : Trans (α := Nat) (· ≤ ·) (· < ·) (· < ·) := ⟨Nat.lt_of_le_of_lt⟩

protected theorem le_antisymm (h : a ≤ b) (k : b ≤ a) : a = b := by
  cases h with
  | refl => rfl
  | step h => exact absurd (Nat.le_trans k h) (not_succ_le_self _)

protected theorem le_total (a b : Nat) : a ≤ b ∨ b ≤ a := by
  induction a with
  | zero => exact .inl (zero_le b)
  | succ a ih =>
    cases ih with
    | inl h =>
      cases h with
      | refl => exact .inr (le_succ _)
      | step h => exact .inl (succ_le_succ h)
    | inr h => exact .inr (.step h)

theorem le_add_right (a b : Nat) : a ≤ a + b := by
  induction b with
  | zero => exact .refl
  | succ b ih => exact .step ih

theorem le_add_left (a b : Nat) : a ≤ b + a := Nat.add_comm b a ▸ le_add_right a b

protected theorem add_le_add_left (h : a ≤ b) (c : Nat) : c + a ≤ c + b := by
  induction h with
  | refl => exact .refl
  | step _ ih => exact .step ih

protected theorem add_le_add_right (h : a ≤ b) (c : Nat) : a + c ≤ b + c := by
  rw [Nat.add_comm a, Nat.add_comm b]
  exact Nat.add_le_add_left h c

protected theorem exists_eq_add_of_le (h : a ≤ b) : ∃ c, b = a + c := by
  induction h with
  | refl => exact ⟨0, rfl⟩
  | step _ ih =>
    obtain ⟨c, rfl⟩ := ih
    exact ⟨c + 1, rfl⟩

theorem le_of_ble : {a b : Nat} → ble a b = true → a ≤ b
  | 0, b, _ => zero_le b
  | _ + 1, _ + 1, h => succ_le_succ (le_of_ble h)

theorem ble_of_le : {a b : Nat} → a ≤ b → ble a b = true
  | 0, _, _ => rfl
  | a + 1, b + 1, h => (ble_of_le (le_of_succ_le_succ h) : ble a b = true)

@[extern "lean_nat_dec_le"] instance decLe (a b : Nat) : Decidable (a ≤ b) :=
  if h : ble a b = true then isTrue (le_of_ble h) else isFalse fun k => h (ble_of_le k)

@[extern "lean_nat_dec_lt"] instance decLt (a b : Nat) : Decidable (a < b) := decLe (a + 1) b

protected theorem lt_or_ge (a b : Nat) : a < b ∨ b ≤ a := by
  cases Nat.le_total (a + 1) b with
  | inl h => exact .inl h
  | inr h =>
    cases h with
    | refl => exact .inl .refl
    | step h => exact .inr h

/-! The other operations that the kernel has its own numbers for, as it computes them.

A name of them that was free could be given another meaning, and then prove anything. The first
argument of each auxiliary function bounds how often it calls itself. -/

protected def divided : (bound a b : Nat) → Nat
  | 0, _, _ => 0
  | bound + 1, a, b => if 0 < b ∧ b ≤ a then Nat.divided bound (a - b) b + 1 else 0

@[extern "lean_nat_div"] protected def div (a b : Nat) : Nat := Nat.divided a a b

instance instDivNat : Div Nat := ⟨Nat.div⟩

@[extern "lean_nat_mod"] protected def mod (a b : Nat) : Nat := a - b * (a / b)

instance instModNat : Mod Nat := ⟨Nat.mod⟩

protected def commonDivisor : (bound a b : Nat) → Nat
  | 0, _, b => b
  | bound + 1, a, b => if a = 0 then b else Nat.commonDivisor bound (b % a) a

@[extern "lean_nat_gcd"] def gcd (a b : Nat) : Nat := Nat.commonDivisor a a b

protected def halvings : (bound a : Nat) → Nat
  | 0, _ => 0
  | bound + 1, a => if 2 ≤ a then Nat.halvings bound (a / 2) + 1 else 0

@[extern "lean_nat_log2"] def log2 (a : Nat) : Nat := Nat.halvings a a

@[extern "lean_nat_shiftl"] def shiftLeft (a b : Nat) : Nat := a * 2 ^ b

@[extern "lean_nat_shiftr"] def shiftRight (a b : Nat) : Nat := a / 2 ^ b

protected def bits (f : Bool → Bool → Bool) : (bound a b : Nat) → Nat
  | 0, _, _ => 0
  | bound + 1, a, b =>
    2 * Nat.bits f bound (a / 2) (b / 2)
      + cond (f (decide (a % 2 = 1)) (decide (b % 2 = 1))) 1 0

@[extern "lean_nat_land"] def land (a b : Nat) : Nat := Nat.bits and (a + b) a b

@[extern "lean_nat_lor"] def lor (a b : Nat) : Nat := Nat.bits or (a + b) a b

@[extern "lean_nat_lxor"] def xor (a b : Nat) : Nat := Nat.bits bne (a + b) a b

end Nat
