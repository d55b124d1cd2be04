prelude
import Assay.Syntax
/-! Propositions: what `rw`, `simp`, `decide` and `funext` build their proofs with, and lemmas. -/

universe u v w

variable {a b c d p q r : Prop}

theorem Eq.comm {α : Sort u} {a b : α} : a = b ↔ b = a := ⟨Eq.symm, Eq.symm⟩

theorem eq_self {α : Sort u} (a : α) : (a = a) = True := propext ⟨fun _ => trivial, fun _ => rfl⟩

theorem of_eq_true (h : p = True) : p := h ▸ trivial

theorem of_eq_false (h : p = False) : ¬p := fun k => h ▸ k

theorem eq_true (h : p) : p = True := propext ⟨fun _ => trivial, fun _ => h⟩

theorem eq_false (h : ¬p) : p = False := propext ⟨h, False.elim⟩

theorem eq_false' (h : p → False) : p = False := eq_false h

theorem ne_of_eq_false {α : Sort u} {a b : α} (h : (a = b) = False) : a ≠ b := of_eq_false h

theorem Ne.symm {α : Sort u} {a b : α} (h : a ≠ b) : b ≠ a := fun k => h k.symm

theorem Ne.irrefl {α : Sort u} {a : α} (h : a ≠ a) : False := h rfl

theorem mt (h : a → b) (k : ¬b) : ¬a := fun x => k (h x)

theorem not_not_intro (h : p) : ¬¬p := fun k => k h

/-! Equivalence. -/

@[refl] theorem Iff.refl (a : Prop) : a ↔ a := ⟨id, id⟩

theorem Iff.rfl : a ↔ a := Iff.refl a

@[symm] theorem Iff.symm (h : a ↔ b) : b ↔ a := ⟨h.mpr, h.mp⟩

theorem Iff.trans (h : a ↔ b) (k : b ↔ c) : a ↔ c :=
  ⟨fun x => k.mp (h.mp x), fun x => h.mpr (k.mpr x)⟩

theorem Iff.of_eq (h : a = b) : a ↔ b := h ▸ Iff.rfl

theorem iff_self (p : Prop) : (p ↔ p) = True := eq_true Iff.rfl

theorem and_comm : a ∧ b ↔ b ∧ a := ⟨fun ⟨x, y⟩ => ⟨y, x⟩, fun ⟨x, y⟩ => ⟨y, x⟩⟩

theorem or_comm : a ∨ b ↔ b ∨ a := by
  constructor <;> rintro (x | y)
  · exact .inr x
  · exact .inl y
  · exact .inr x
  · exact .inl y

theorem and_assoc : (a ∧ b) ∧ c ↔ a ∧ b ∧ c :=
  ⟨fun ⟨⟨x, y⟩, z⟩ => ⟨x, y, z⟩, fun ⟨x, y, z⟩ => ⟨⟨x, y⟩, z⟩⟩

theorem not_or : ¬(a ∨ b) ↔ ¬a ∧ ¬b :=
  ⟨fun h => ⟨fun x => h (.inl x), fun y => h (.inr y)⟩, fun ⟨h, k⟩ x => x.elim h k⟩

theorem not_exists {α : Sort u} {p : α → Prop} : (¬∃ x, p x) ↔ ∀ x, ¬p x :=
  ⟨fun h x k => h ⟨x, k⟩, fun h ⟨x, k⟩ => h x k⟩

theorem forall_and {α : Sort u} {p q : α → Prop} : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ ∀ x, q x :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun ⟨h, k⟩ x => ⟨h x, k x⟩⟩

/-! Under binders. -/

theorem congrFun' {α : Sort u} {β : Sort v} {f g : α → β} (h : f = g) (a : α) : f a = g a :=
  congrFun h a

theorem implies_congr {p₁ p₂ : Sort u} {q₁ q₂ : Sort v} (h : p₁ = p₂) (k : q₁ = q₂) :
    (p₁ → q₁) = (p₂ → q₂) := h ▸ k ▸ rfl

theorem forall_congr {α : Sort u} {p q : α → Prop} (h : ∀ x, p x = q x) :
    (∀ x, p x) = ∀ x, q x :=
  propext ⟨fun k x => h x ▸ k x, fun k x => (h x).symm ▸ k x⟩

theorem funext {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : ∀ x, f x = g x) : f = g :=
  let same (f g : (x : α) → β x) := ∀ x, f x = g x
  show (fun x => (Quot.mk same f).lift (fun f => f x) fun _ _ h => h x) = g from
    (Quot.sound h : Quot.mk same f = Quot.mk same g) ▸ rfl

/-! Deciding. -/

instance : Decidable True := isTrue trivial
instance : Decidable False := isFalse id

instance [h : Decidable p] [k : Decidable q] : Decidable (p ∧ q) :=
  match h, k with
  | isTrue h, isTrue k => isTrue ⟨h, k⟩
  | isFalse h, _ => isFalse fun x => h x.1
  | _, isFalse k => isFalse fun x => k x.2

instance [h : Decidable p] [k : Decidable q] : Decidable (p ∨ q) :=
  match h, k with
  | isTrue h, _ => isTrue (.inl h)
  | _, isTrue k => isTrue (.inr k)
  | isFalse h, isFalse k => isFalse fun x => x.elim h k

instance [h : Decidable p] [k : Decidable q] : Decidable (p → q) :=
  match h, k with
  | isFalse h, _ => isTrue fun x => absurd x h
  | _, isTrue k => isTrue fun _ => k
  | isTrue h, isFalse k => isFalse fun x => k (x h)

instance [Decidable p] : Decidable (¬p) := inferInstanceAs (Decidable (p → False))

instance [h : Decidable p] [k : Decidable q] : Decidable (p ↔ q) :=
  match h, k with
  | isTrue h, isTrue k => isTrue ⟨fun _ => k, fun _ => h⟩
  | isFalse h, isFalse k => isTrue ⟨fun x => absurd x h, fun x => absurd x k⟩
  | isTrue h, isFalse k => isFalse fun x => k (x.mp h)
  | isFalse h, isTrue k => isFalse fun x => h (x.mpr k)

instance {α : Sort u} [DecidableEq α] (a b : α) : Decidable (a ≠ b) :=
  inferInstanceAs (Decidable (¬a = b))

instance : DecidableEq Bool
  | false, false => isTrue rfl
  | true, true => isTrue rfl
  | false, true => isFalse fun h => nomatch h
  | true, false => isFalse fun h => nomatch h

theorem dif_pos {α : Sort u} [h : Decidable p] (k : p) {t : p → α} {e : ¬p → α} :
    dite p t e = t k :=
  match h with
  | isTrue _ => rfl
  | isFalse h => absurd k h

theorem dif_neg {α : Sort u} [h : Decidable p] (k : ¬p) {t : p → α} {e : ¬p → α} :
    dite p t e = e k :=
  match h with
  | isTrue h => absurd h k
  | isFalse _ => rfl

theorem if_pos {α : Sort u} [h : Decidable p] (k : p) {t e : α} : ite p t e = t :=
  match h with
  | isTrue _ => rfl
  | isFalse h => absurd k h

theorem if_neg {α : Sort u} [h : Decidable p] (k : ¬p) {t e : α} : ite p t e = e :=
  match h with
  | isTrue h => absurd h k
  | isFalse _ => rfl

theorem ite_eq_left {_ : Decidable p} (h : p) {α : Sort u} {t e : α} : ite p t e = t := if_pos h

theorem ite_eq_right {_ : Decidable p} (h : ¬p) {α : Sort u} {t e : α} : ite p t e = e := if_neg h

theorem dite_eq_left {_ : Decidable p} (h : p) {α : Sort u} {t : p → α} {e : ¬p → α} :
    dite p t e = t h := dif_pos h

theorem dite_eq_right {_ : Decidable p} (h : ¬p) {α : Sort u} {t : p → α} {e : ¬p → α} :
    dite p t e = e h := dif_neg h

theorem ite_eq_left_of_eq_true {α : Sort u} {p : Prop} {_ : Decidable p} (t e : α) (h : p = True) :
    ite p t e = t := if_pos (of_eq_true h)

theorem ite_eq_right_of_eq_false {α : Sort u} {p : Prop} {_ : Decidable p} (t e : α)
    (h : p = False) : ite p t e = e := if_neg (of_eq_false h)

theorem dite_eq_left_of_eq_true {α : Sort u} {p : Prop} {_ : Decidable p} {t : p → α}
    {e : ¬p → α} (h : p = True) : dite p t e = t (of_eq_true h) := dif_pos (of_eq_true h)

theorem dite_eq_right_of_eq_false {α : Sort u} {p : Prop} {_ : Decidable p} {t : p → α}
    {e : ¬p → α} (h : p = False) : dite p t e = e (of_eq_false h) := dif_neg (of_eq_false h)

/-! What `simp` knows. -/

attribute [simp] eq_self iff_self not_or not_exists

@[simp] theorem ne_eq {α : Sort u} (a b : α) : (a ≠ b) = ¬a = b := rfl
@[simp] theorem not_true_eq_false : (¬True) = False := eq_false fun h => h trivial
@[simp] theorem not_false_eq_true : (¬False) = True := eq_true id
@[simp] theorem and_self (p : Prop) : (p ∧ p) = p := propext ⟨And.left, fun h => ⟨h, h⟩⟩
@[simp] theorem and_true (p : Prop) : (p ∧ True) = p := propext ⟨And.left, fun h => ⟨h, trivial⟩⟩
@[simp] theorem true_and (p : Prop) : (True ∧ p) = p := propext ⟨And.right, fun h => ⟨trivial, h⟩⟩
@[simp] theorem and_false (p : Prop) : (p ∧ False) = False := eq_false And.right
@[simp] theorem false_and (p : Prop) : (False ∧ p) = False := eq_false And.left
@[simp] theorem or_self (p : Prop) : (p ∨ p) = p := propext ⟨fun h => h.elim id id, .inl⟩
@[simp] theorem or_true (p : Prop) : (p ∨ True) = True := eq_true (.inr trivial)
@[simp] theorem true_or (p : Prop) : (True ∨ p) = True := eq_true (.inl trivial)
@[simp] theorem or_false (p : Prop) : (p ∨ False) = p :=
  propext ⟨fun h => h.elim id False.elim, .inl⟩
@[simp] theorem false_or (p : Prop) : (False ∨ p) = p :=
  propext ⟨fun h => h.elim False.elim id, .inr⟩
@[simp] theorem implies_true (α : Sort u) : (α → True) = True := eq_true fun _ => trivial
@[simp] theorem true_implies (p : Prop) : (True → p) = p :=
  propext ⟨fun h => h trivial, fun h _ => h⟩
@[simp] theorem false_implies (p : Prop) : (False → p) = True := eq_true False.elim
@[simp] theorem ite_true {α : Sort u} (t e : α) : (if True then t else e) = t := rfl
@[simp] theorem ite_false {α : Sort u} (t e : α) : (if False then t else e) = e := rfl

/-! Steps of `calc`. -/

instance {α : Sort u} : Trans (@Eq α) (@Eq α) (@Eq α) := ⟨Eq.trans⟩
instance {α : Sort u} {γ : Sort v} (r : α → γ → Prop) : Trans Eq r r := ⟨fun h k => h ▸ k⟩
instance {α : Sort u} {γ : Sort v} (r : α → γ → Prop) : Trans r Eq r := ⟨fun h k => k ▸ h⟩
instance : Trans Iff Iff Iff := ⟨Iff.trans⟩

/-! Classical logic. -/

namespace Classical

theorem em (p : Prop) : p ∨ ¬p :=
  let U (x : Bool) := x = true ∨ p
  let V (x : Bool) := x = false ∨ p
  have u : Nonempty (Subtype U) := ⟨true, .inl rfl⟩
  have v : Nonempty (Subtype V) := ⟨false, .inl rfl⟩
  match (choice u).property, (choice v).property with
  | .inr h, _ => .inl h
  | _, .inr h => .inl h
  | .inl hu, .inl hv => .inr fun h =>
    have same : U = V := funext fun _ => propext ⟨fun _ => .inr h, fun _ => .inr h⟩
    have equal : ∀ u v, (choice (α := Subtype U) u).val = (choice (α := Subtype V) v).val :=
      same ▸ fun _ _ => rfl
    nomatch hu.symm.trans ((equal u v).trans hv)

noncomputable scoped instance (priority := 10) propDecidable (p : Prop) : Decidable p :=
  choice <| (em p).elim (fun h => ⟨isTrue h⟩) fun h => ⟨isFalse h⟩

theorem byContradiction (h : ¬p → False) : p := (em p).elim id fun k => (h k).elim

theorem byCases (h : p → q) (k : ¬p → q) : q := (em p).elim h k

theorem not_not : ¬¬p ↔ p := ⟨byContradiction, not_not_intro⟩

theorem not_and_iff_not_or_not : ¬(p ∧ q) ↔ ¬p ∨ ¬q :=
  ⟨fun h => (em p).elim (fun x => .inr fun y => h ⟨x, y⟩) .inl,
   fun h ⟨x, y⟩ => h.elim (fun k => k x) fun k => k y⟩

theorem not_forall {α : Sort u} {p : α → Prop} : (¬∀ x, p x) ↔ ∃ x, ¬p x :=
  ⟨fun h => byContradiction fun k => h fun x => byContradiction fun l => k ⟨x, l⟩,
   fun ⟨x, k⟩ h => k (h x)⟩

end Classical
