prelude
/-! What Lean's elaborator and kernel know by name, in the order in which they ask for it. -/

universe u v w

/-! What the compiler puts in place of types and proofs. -/

unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type
unsafe axiom lcProof {p : Prop} : p
unsafe axiom lcCast {α : Sort u} {β : Sort v} (a : α) : β
unsafe axiom lcUnreachable {α : Sort u} : α

/-! Equality. -/

set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where
  | unit

inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a

-- The universe of the motive comes first: Lean applies it to levels in this order.
abbrev Eq.ndrec.{m, s} {α : Sort s} {a : α} {motive : α → Sort m} (here : motive a) {b : α}
    (h : Eq a b) : motive b := h.rec here

inductive HEq : {α : Sort u} → α → {β : Sort u} → β → Prop where
  | refl (a : α) : HEq a a

-- Its constructors are told apart by numbers, which are not there yet.
set_option genCtorIdx false in
inductive Bool where
  | false
  | true

export Bool (false true)

@[inline] def id {α : Sort u} (a : α) : α := a

set_option linter.defProp false in
@[match_pattern] def rfl {α : Sort u} {a : α} : Eq a a := Eq.refl a

theorem Eq.subst {α : Sort u} {motive : α → Prop} {a b : α} (h : Eq a b) (here : motive a) :
    motive b := Eq.ndrec here h

@[symm] theorem Eq.symm {α : Sort u} {a b : α} (h : Eq a b) : Eq b a := h ▸ rfl

theorem Eq.trans {α : Sort u} {a b c : α} (h : Eq a b) (k : Eq b c) : Eq a c := k ▸ h

@[macro_inline] def cast {α β : Sort u} (h : Eq α β) (a : α) : β := h ▸ a

@[macro_inline] def Eq.mp {α β : Sort u} (h : Eq α β) (a : α) : β := h ▸ a

@[macro_inline] def Eq.mpr {α β : Sort u} (h : Eq α β) (b : β) : α := h ▸ b

theorem congrArg {α : Sort u} {β : Sort v} {a b : α} (f : α → β) (h : Eq a b) :
    Eq (f a) (f b) := h ▸ rfl

theorem congr {α : Sort u} {β : Sort v} {f g : α → β} {a b : α} (h : Eq f g) (k : Eq a b) :
    Eq (f a) (g b) := h ▸ k ▸ rfl

theorem congrFun {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : Eq f g) (a : α) :
    Eq (f a) (g a) := h ▸ rfl

theorem eq_of_heq {α : Sort u} {a b : α} (h : HEq a b) : Eq a b :=
  have along {α β : Sort u} {a : α} {b : β} (h : HEq a b) : (k : Eq α β) → Eq (cast k a) b :=
    h.rec fun _ => rfl
  along h rfl

theorem heq_of_eq {α : Sort u} {a b : α} (h : Eq a b) : HEq a b := h ▸ HEq.refl a

theorem HEq.rfl {α : Sort u} {a : α} : HEq a a := HEq.refl a

theorem HEq.symm {α β : Sort u} {a : α} {b : β} (h : HEq a b) : HEq b a :=
  h.rec (HEq.refl a)

/-! Truth. -/

inductive True : Prop where
  | intro

inductive False : Prop

@[macro_inline] def False.elim {C : Sort u} (h : False) : C := h.rec

/-! Types to build with. -/

abbrev Unit : Type := PUnit

@[match_pattern] abbrev Unit.unit : Unit := PUnit.unit

structure PProd (α : Sort u) (β : Sort v) where
  fst : α
  snd : β

@[unbox] structure Prod (α : Type u) (β : Type v) where
  fst : α
  snd : β

/-! Default arguments and type classes. -/

@[reducible] def optParam (α : Sort u) (_default : α) : Sort u := α

@[reducible] def outParam (α : Sort u) : Sort u := α

@[reducible] def semiOutParam (α : Sort u) : Sort u := α

@[reducible] def namedPattern {α : Sort u} (x a : α) (_h : Eq x a) : α := a

/-- What `sorry` stands for. No proof that rests on it proves anything. -/
@[extern "lean_sorry", never_extract] axiom sorryAx (α : Sort u) (synthetic : Bool) : α

set_option checkBinderAnnotations false in
abbrev inferInstance {α : Sort u} [i : α] : α := i

set_option checkBinderAnnotations false in
abbrev «inferInstanceAs» (α : Sort u) [i : α] : α := i

class Inhabited (α : Sort u) where
  default : α

export Inhabited (default)

instance : Inhabited (Sort u) := ⟨PUnit⟩
instance : Inhabited Bool := ⟨false⟩

instance {α : Sort u} {β : Sort v} [Inhabited β] : Inhabited (α → β) := ⟨fun _ => default⟩

class CoeFun (α : Sort u) (γ : outParam (α → Sort v)) where
  coe : (f : α) → γ f

class CoeT (α : Sort u) (_ : α) (β : Sort v) where
  coe : β

class Coe (α : semiOutParam (Sort u)) (β : Sort v) where
  coe : α → β

attribute [coe_decl] CoeT.coe Coe.coe

instance {α : Sort u} {β : Sort v} (a : α) [Coe α β] : CoeT α a β := ⟨Coe.coe a⟩

class CoeSort (α : Sort u) (β : outParam (Sort v)) where
  coe : α → β

def Not (a : Prop) : Prop := a → False

@[macro_inline] def absurd {a : Prop} {b : Sort v} (h : a) (k : Not a) : b := (k h).rec

structure PULift.{r, s} (α : Sort s) : Sort (max s r 1) where
  up ::
  down : α

/-! Numbers and decisions: constructors are told apart by their index. -/

set_option genCtorIdx false in
inductive Nat where
  | zero
  | succ (n : Nat)

@[macro_inline] def cond {α : Sort u} (c : Bool) (t e : α) : α :=
  match c with
  | true => t
  | false => e

/-- What a proof that `p` is decided so proves. -/
abbrev Bool.Reflects : (decided : Bool) → (p : Prop) → Prop
  | false, p => Not p
  | true, p => p

class Decidable (p : Prop) where
  intro ::
  decide : Bool
  reflects_decide (p) : decide.Reflects p

@[match_pattern] abbrev Decidable.isFalse {p : Prop} (h : Not p) : Decidable p := ⟨false, h⟩

@[match_pattern] abbrev Decidable.isTrue {p : Prop} (h : p) : Decidable p := ⟨true, h⟩

export Decidable (isTrue isFalse decide)

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_dec_eq"] def Nat.beq : (a b : Nat) → Bool
  | zero, zero => true
  | zero, succ _ => false
  | succ _, zero => false
  | succ a, succ b => beq a b

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_dec_le"] def Nat.ble : (a b : Nat) → Bool
  | zero, _ => true
  | succ _, zero => false
  | succ a, succ b => ble a b

theorem Nat.beq_self : (a : Nat) → Eq (beq a a) true
  | zero => rfl
  | succ a => beq_self a

theorem noConfusion_of_Nat {α : Sort u} (f : α → Nat) {a b : α} (h : Eq a b) :
    (Nat.beq (f a) (f b)).rec False True :=
  h ▸ (Nat.beq_self (f a)).symm ▸ True.intro

attribute [gen_constructor_elims] Bool

theorem Nat.eq_of_beq : (a b : Nat) → Eq (beq a b) true → Eq a b
  | zero, zero, _ => rfl
  | succ a, succ b, h => congrArg succ (eq_of_beq a b h)

@[extern "lean_nat_dec_eq"] def Nat.decEq (a b : Nat) : Decidable (Eq a b) :=
  match h : beq a b with
  | true => Decidable.isTrue (eq_of_beq a b h)
  | false => Decidable.isFalse fun k =>
    nomatch (beq_self a).symm.trans (k ▸ h : Eq (beq a a) false)

-- What the compiler uses for numbers, and the kernel computes faster than by these equations.

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_add"] protected def Nat.add : (a b : Nat) → Nat
  | a, zero => a
  | a, succ b => succ (Nat.add a b)

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_mul"] protected def Nat.mul : (a b : Nat) → Nat
  | _, zero => zero
  | a, succ b => Nat.add (Nat.mul a b) a

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_pow"] protected def Nat.pow : (a b : Nat) → Nat
  | _, zero => succ zero
  | a, succ b => Nat.mul (Nat.pow a b) a

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_pred"] def Nat.pred : (a : Nat) → Nat
  | zero => zero
  | succ a => a

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_sub"] protected def Nat.sub : (a b : Nat) → Nat
  | a, zero => a
  | a, succ b => pred (Nat.sub a b)

attribute [gen_constructor_elims] Nat

/-! More types to build with. -/

structure PSigma {α : Sort u} (β : α → Sort v) where
  fst : α
  snd : β fst

structure Sigma {α : Type u} (β : α → Type v) where
  fst : α
  snd : β fst

structure Subtype {α : Sort u} (p : α → Prop) where
  val : α
  property : p val

structure PLift (α : Sort u) : Type u where
  up ::
  down : α

inductive Sum (α : Type u) (β : Type v) where
  | inl (a : α)
  | inr (b : β)

inductive PSum (α : Sort u) (β : Sort v) where
  | inl (a : α)
  | inr (b : β)

inductive Empty : Type

set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PEmpty : Sort u

/-! Connectives. -/

theorem trivial : True := ⟨⟩

structure And (a b : Prop) : Prop where
  intro ::
  left : a
  right : b

inductive Or (a b : Prop) : Prop where
  | inl (h : a)
  | inr (h : b)

structure Iff (a b : Prop) : Prop where
  intro ::
  mp : a → b
  mpr : b → a

inductive Exists {α : Sort u} (p : α → Prop) : Prop where
  | intro (w : α) (h : p w)

@[reducible] def Ne {α : Sort u} (a b : α) : Prop := Not (Eq a b)

class inductive Nonempty (α : Sort u) : Prop where
  | intro (a : α)

theorem Or.elim {a b c : Prop} (h : Or a b) (left : a → c) (right : b → c) : c :=
  match h with
  | Or.inl h => left h
  | Or.inr h => right h

/-! The axioms that people mean when they say that Lean has three. -/

axiom propext {a b : Prop} (h : Iff a b) : Eq a b

axiom Classical.choice {α : Sort u} (h : Nonempty α) : α

init_quot

axiom Quot.sound {α : Sort u} {r : α → α → Prop} {a b : α} (h : r a b) :
    Eq (Quot.mk r a) (Quot.mk r b)

class Subsingleton (α : Sort u) : Prop where
  intro ::
  allEq : (a b : α) → Eq a b

theorem Subsingleton.elim {α : Sort u} [h : Subsingleton α] : (a b : α) → Eq a b := h.allEq

instance (p : Prop) : Subsingleton p := ⟨fun _ _ => rfl⟩

/-! Deciding propositions. -/

/-- Has `cases` and `induction` say `isFalse` and `isTrue`. -/
@[cases_eliminator, induction_eliminator, elab_as_elim]
abbrev Decidable.falseTrueCases {p : Prop} {motive : Decidable p → Sort u}
    (isFalse : (h : Not p) → motive (isFalse h)) (isTrue : (h : p) → motive (isTrue h))
    (t : Decidable p) : motive t :=
  match t with
  | .isFalse h => isFalse h
  | .isTrue h => isTrue h

instance (p : Prop) : Subsingleton (Decidable p) :=
  ⟨fun
    | isTrue _, isTrue _ => rfl
    | isFalse _, isFalse _ => rfl
    | isTrue h, isFalse k => absurd h k
    | isFalse h, isTrue k => absurd k h⟩

abbrev DecidablePred {α : Sort u} (p : α → Prop) := (a : α) → Decidable (p a)

abbrev DecidableEq (α : Sort u) := (a b : α) → Decidable (Eq a b)

@[macro_inline] def dite {α : Sort u} (c : Prop) [h : Decidable c] (t : c → α) (e : Not c → α) :
    α := h.decide.casesOn (motive := fun d => d.Reflects c → α) e t h.reflects_decide

@[macro_inline] def ite {α : Sort u} (c : Prop) [Decidable c] (t e : α) : α :=
  dite c (fun _ => t) (fun _ => e)

@[macro_inline] def Bool.and (a b : Bool) : Bool :=
  match a with
  | true => b
  | false => false

@[macro_inline] def Bool.or (a b : Bool) : Bool :=
  match a with
  | true => true
  | false => b

@[inline] def Bool.not : (a : Bool) → Bool
  | true => false
  | false => true

export Bool (and or not)

theorem decide_eq_true {p : Prop} : [Decidable p] → p → Eq (decide p) true
  | isTrue _, _ => rfl
  | isFalse k, h => absurd h k

theorem decide_eq_false {p : Prop} : [Decidable p] → Not p → Eq (decide p) false
  | isTrue h, k => absurd h k
  | isFalse _, _ => rfl

theorem of_decide_eq_true {p : Prop} [inst : Decidable p] (h : Eq (decide p) true) : p :=
  (h ▸ inst.reflects_decide : true.Reflects p)

theorem of_decide_eq_false {p : Prop} [inst : Decidable p] (h : Eq (decide p) false) : Not p :=
  (h ▸ inst.reflects_decide : false.Reflects p)

/-! Numbers and operations. -/

instance : Inhabited Nat := ⟨.zero⟩

class OfNat (α : Type u) (_ : Nat) where
  ofNat : α

@[default_instance 100] instance instOfNatNat (n : Nat) : OfNat Nat n := ⟨n⟩

class HAdd (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hAdd : α → β → γ

class HSub (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hSub : α → β → γ

class HMul (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hMul : α → β → γ

class HDiv (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hDiv : α → β → γ

class HMod (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hMod : α → β → γ

class HPow (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hPow : α → β → γ

class HAppend (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hAppend : α → β → γ

class Add (α : Type u) where
  add : α → α → α

class Sub (α : Type u) where
  sub : α → α → α

class Mul (α : Type u) where
  mul : α → α → α

class Div (α : Type u) where
  div : α → α → α

class Mod (α : Type u) where
  mod : α → α → α

class Pow (α : Type u) (β : Type v) where
  pow : α → β → α

class Append (α : Type u) where
  append : α → α → α

class BEq (α : Type u) where
  beq : α → α → Bool

@[inline] def bne {α : Type u} [BEq α] (a b : α) : Bool := not (BEq.beq a b)

class LE (α : Type u) where
  le : α → α → Prop

class LT (α : Type u) where
  lt : α → α → Prop

@[reducible] def GE.ge {α : Type u} [LE α] (a b : α) : Prop := LE.le b a

@[reducible] def GT.gt {α : Type u} [LT α] (a b : α) : Prop := LT.lt b a

class Dvd (α : Type u) where
  dvd : α → α → Prop

class Membership (α : outParam (Type u)) (γ : Type v) where
  mem : γ → α → Prop

-- So that a pattern may say `n + 1`.
attribute [match_pattern] Nat.add Add.add HAdd.hAdd

@[default_instance] instance instHAdd {α : Type u} [Add α] : HAdd α α α := ⟨Add.add⟩
@[default_instance] instance instHSub {α : Type u} [Sub α] : HSub α α α := ⟨Sub.sub⟩
@[default_instance] instance instHMul {α : Type u} [Mul α] : HMul α α α := ⟨Mul.mul⟩
@[default_instance] instance instHDiv {α : Type u} [Div α] : HDiv α α α := ⟨Div.div⟩
@[default_instance] instance instHMod {α : Type u} [Mod α] : HMod α α α := ⟨Mod.mod⟩
@[default_instance] instance instHPow {α : Type u} {β : Type v} [Pow α β] : HPow α β α := ⟨Pow.pow⟩
@[default_instance] instance instHAppend {α : Type u} [Append α] : HAppend α α α :=
  ⟨Append.append⟩

/-! Steps of `calc`. -/

class Trans.{r, s, t, a, b, c} {α : Sort a} {β : Sort b} {γ : Sort c} (r : α → β → Sort r)
    (s : β → γ → Sort s) (t : outParam (α → γ → Sort t)) where
  trans : {a : α} → {b : β} → {c : γ} → r a b → s b c → t a c

/-! Containers. -/

inductive Option (α : Type u) where
  | none
  | some (a : α)

export Option (none some)

inductive List (α : Type u) where
  | nil
  | cons (head : α) (tail : List α)

@[inline] def Function.comp {α : Sort u} {β : Sort v} {δ : Sort w} (f : β → δ) (g : α → β) :
    α → δ := fun x => f (g x)

@[inline] def Function.const {α : Sort u} (β : Sort v) (a : α) : β → α := fun _ => a
