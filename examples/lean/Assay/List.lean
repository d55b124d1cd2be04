prelude
import Assay.Nat
/-! Lists: joining, measuring and mapping. -/

universe u v w

namespace List

variable {α : Type u} {β : Type v} {γ : Type w}

instance : Inhabited (List α) := ⟨[]⟩

protected def append : (xs ys : List α) → List α
  | [], ys => ys
  | x :: xs, ys => x :: List.append xs ys

instance : Append (List α) := ⟨List.append⟩

def length : (xs : List α) → Nat
  | [] => 0
  | _ :: xs => length xs + 1

def map (f : α → β) : (xs : List α) → List β
  | [] => []
  | x :: xs => f x :: map f xs

def reverse : (xs : List α) → List α
  | [] => []
  | x :: xs => reverse xs ++ [x]

inductive Mem (a : α) : List α → Prop where
  | head (xs : List α) : Mem a (a :: xs)
  | tail (x : α) {xs : List α} : Mem a xs → Mem a (x :: xs)

instance : Membership α (List α) := ⟨fun xs a => Mem a xs⟩

@[simp] theorem nil_append (xs : List α) : [] ++ xs = xs := rfl

@[simp] theorem cons_append (x : α) (xs ys : List α) : (x :: xs) ++ ys = x :: (xs ++ ys) := rfl

@[simp] theorem append_nil (xs : List α) : xs ++ [] = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [cons_append, ih]

theorem append_assoc (xs ys zs : List α) : xs ++ ys ++ zs = xs ++ (ys ++ zs) := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [cons_append, cons_append, cons_append, ih]

@[simp] theorem length_nil : length ([] : List α) = 0 := rfl

@[simp] theorem length_cons (x : α) (xs : List α) : length (x :: xs) = length xs + 1 := rfl

theorem length_append (xs ys : List α) : length (xs ++ ys) = length xs + length ys := by
  induction xs with
  | nil => rw [nil_append, length_nil, Nat.zero_add]
  | cons x xs ih => rw [cons_append, length_cons, ih, length_cons, Nat.add_right_comm]

theorem map_map (g : β → γ) (f : α → β) (xs : List α) : map g (map f xs) = map (g ∘ f) xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (g (f x) :: ·) ih

theorem length_map (f : α → β) (xs : List α) : length (map f xs) = length xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (· + 1) ih

theorem reverse_append (xs ys : List α) : reverse (xs ++ ys) = reverse ys ++ reverse xs := by
  induction xs with
  | nil => exact (append_nil _).symm
  | cons x xs ih =>
    show reverse (xs ++ ys) ++ [x] = reverse ys ++ (reverse xs ++ [x])
    rw [ih, append_assoc]

theorem reverse_reverse (xs : List α) : reverse (reverse xs) = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih =>
    show reverse (reverse xs ++ [x]) = x :: xs
    rw [reverse_append, ih]
    rfl

end List
