// Written by `UPDATE_EXPECT=1 cargo test -p chainrule-compiler --test flow_calls`.

pub(crate) mod straight {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let r_1: f64 = scale(&(*x_m0), k_0);
            let mul_2: f64 = r_1 * k_0;
            mul_2
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_3: f64,
            d_x_m1: &mut [f64],
        ) -> (f64, (f64,)) {
            let r_1: f64 = scale(&(*x_m0), k_0);
            let mul_2: f64 = r_1 * k_0;
            let mul_4: f64 = seed_3 * k_0;
            let mul_5: f64 = seed_3 * r_1;
            let d_arg_6: f64 = {
                let (_, (pulled_w2, pulled_w3)) = scale::vjp(&(*x_m0), k_0, mul_4);
                ::chainrule::rt::add_assign(&mut (*d_x_m1)[..], &pulled_w2[..]);
                pulled_w3
            };
            let d_k_7: f64 = mul_5 + d_arg_6;
            (mul_2, (d_k_7,))
        }
    }
}
pub(crate) mod overwritten {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                let y_6: f64 = state_m1[i_3];
                let mul_7: f64 = y_6 * s_4;
                state_m1[i_3] = mul_7;
                let r_8: f64 = scale(&state_m1, s_4);
                s_4 = r_8;
            }
            let s_5: f64 = s_4;
            s_5
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_9: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<(f64, f64, ::std::vec::Vec<f64>)> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                let y_6: f64 = state_m1[i_3];
                let mul_7: f64 = y_6 * s_4;
                state_m1[i_3] = mul_7;
                let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                let r_8: f64 = scale(&state_m1, s_4);
                kept_r0.push((s_4, y_6, state_m4));
                s_4 = r_8;
            }
            let s_5: f64 = s_4;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut d_s_10: f64 = seed_9;
            for i_11 in (0usize..len_2).rev() {
                let (s_12, y_17, mut state_m5): (f64, f64, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let d_arg_13: f64 = {
                    let (_, (pulled_w2, pulled_w3)) = scale::vjp(
                        &state_m5,
                        s_12,
                        d_s_10,
                    );
                    ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w2[..]);
                    pulled_w3
                };
                let ct_14: f64 = d_state_m3[i_11];
                d_state_m3[i_11] = 0.0f64;
                let mul_16: f64 = ct_14 * s_12;
                let mul_18: f64 = ct_14 * y_17;
                let d_s_19: f64 = d_arg_13 + mul_18;
                d_state_m3[i_11] += mul_16;
                d_s_10 = d_s_19;
            }
            let d_s_20: f64 = d_s_10;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (s_5, (d_s_20,))
        }
    }
}
pub(crate) mod in_out {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                let r_6: f64 = step(&mut state_m1[i_3..], s_4);
                let mul_7: f64 = r_6 * s_4;
                let add_8: f64 = mul_7 + s_4;
                s_4 = add_8;
            }
            let s_5: f64 = s_4;
            let sum_9: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let add_10: f64 = s_5 + sum_9;
            add_10
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_11: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<(f64, f64, ::std::vec::Vec<f64>)> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                let mut state_m5: ::std::vec::Vec<f64> = state_m1[i_3..].to_vec();
                let r_6: f64 = step(&mut state_m1[i_3..], s_4);
                let mul_7: f64 = r_6 * s_4;
                let add_8: f64 = mul_7 + s_4;
                kept_r0.push((s_4, r_6, state_m5));
                s_4 = add_8;
            }
            let s_5: f64 = s_4;
            let sum_9: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let add_10: f64 = s_5 + sum_9;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut all_m4: ::std::vec::Vec<f64> = ::std::vec![0.0f64; d_state_m3.len()];
            all_m4.fill(seed_11);
            ::chainrule::rt::add_assign(&mut d_state_m3[..], &all_m4[..]);
            let mut d_s_12: f64 = seed_11;
            for i_13 in (0usize..len_2).rev() {
                let (s_14, r_16, mut state_m6): (f64, f64, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mul_15: f64 = d_s_12 * s_14;
                let mul_17: f64 = d_s_12 * r_16;
                let d_s_18: f64 = d_s_12 + mul_17;
                let d_arg_19: f64 = {
                    let (_, (pulled_w2, pulled_w3)) = step::vjp(
                        &mut state_m6,
                        s_14,
                        mul_15,
                        d_state_m3[i_13..].to_vec(),
                    );
                    d_state_m3[i_13..].clone_from_slice(&pulled_w2[..]);
                    pulled_w3
                };
                let d_s_20: f64 = d_s_18 + d_arg_19;
                d_s_12 = d_s_20;
            }
            let d_s_21: f64 = d_s_12;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (add_10, (d_s_21,))
        }
    }
}
pub(crate) mod results {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let mut made_m1: ::std::vec::Vec<f64> = spread(s_5, 3usize);
                    let y_8: f64 = made_m1[0usize];
                    let y_10: f64 = made_m1[2usize];
                    let mut made_m2: (f64, f64) = pair(y_8, y_10);
                    let y_11: f64 = made_m2.0;
                    let y_12: f64 = made_m2.1;
                    let y_13: f64 = x_w1[i_4];
                    let mul_14: f64 = y_11 * y_12;
                    let add_15: f64 = mul_14 + y_13;
                    s_5 = add_15;
                }
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_16: f64,
            d_x_m3: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<(f64, ::std::vec::Vec<f64>, (f64, f64))> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut made_m2: (f64, f64) = (0.0f64, 0.0f64);
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let mut made_m1: ::std::vec::Vec<f64> = spread(s_5, 3usize);
                    let y_8: f64 = made_m1[0usize];
                    let y_10: f64 = made_m1[2usize];
                    made_m2 = pair(y_8, y_10);
                    let y_11: f64 = made_m2.0;
                    let y_12: f64 = made_m2.1;
                    let y_13: f64 = x_w1[i_4];
                    let mul_14: f64 = y_11 * y_12;
                    let add_15: f64 = mul_14 + y_13;
                    kept_r0.push((s_5, made_m1, ::core::clone::Clone::clone(&made_m2)));
                    s_5 = add_15;
                }
            }
            let s_6: f64 = s_5;
            let mut d_s_17: f64 = seed_16;
            {
                let n: usize = len_2;
                let d_x_w4 = ::chainrule::rt::window_mut(&mut (*d_x_m3)[..], 0, n);
                for i_18 in (0..n).rev() {
                    let (
                        s_27,
                        mut made_m5,
                        mut made_m7,
                    ): (f64, ::std::vec::Vec<f64>, (f64, f64)) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let mut d_made_m4: ::std::vec::Vec<f64> = ::std::vec![
                        0.0f64; made_m5.len()
                    ];
                    let mut d_made_m6: (f64, f64) = (0.0f64, 0.0f64);
                    let y_19: f64 = made_m7.1;
                    let mul_20: f64 = d_s_17 * y_19;
                    let y_21: f64 = made_m7.0;
                    let mul_22: f64 = d_s_17 * y_21;
                    d_x_w4[i_18] += d_s_17;
                    d_made_m6.1 += mul_22;
                    d_made_m6.0 += mul_20;
                    let y_23: f64 = made_m5[0usize];
                    let y_25: f64 = made_m5[2usize];
                    let (d_arg_24, d_arg_26): (f64, f64) = {
                        let (_, (pulled_w5, pulled_w6)) = pair::vjp(
                            y_23,
                            y_25,
                            d_made_m6,
                        );
                        (pulled_w5, pulled_w6)
                    };
                    d_made_m4[2usize] += d_arg_26;
                    d_made_m4[0usize] += d_arg_24;
                    let d_arg_28: f64 = {
                        let (_, pulled_w7) = spread::vjp(s_27, 3usize, d_made_m4);
                        pulled_w7
                    };
                    d_s_17 = d_arg_28;
                }
            }
            let d_s_29: f64 = d_s_17;
            (s_6, (d_s_29,))
        }
    }
}
pub(crate) mod branch {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let is_2: bool = k_0 > 0.0f64;
            let chosen_3: f64 = if is_2 {
                advance(&mut state_m1, k_0);
                let mut made_m2: ::std::vec::Vec<f64> = spread(k_0, 3usize);
                let y_6: f64 = made_m2[1usize];
                let r_7: f64 = scale(&state_m1, k_0);
                let mul_8: f64 = r_7 * y_6;
                mul_8
            } else {
                let mul_9: f64 = k_0 * k_0;
                mul_9
            };
            state_m1.fill(chosen_3);
            let sum_10: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let add_11: f64 = chosen_3 + sum_10;
            add_11
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_12: f64,
            d_x_m3: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let is_2: bool = k_0 > 0.0f64;
            let mut made_m2: ::std::vec::Vec<f64> = ::std::vec::Vec::new();
            let mut state_m7: ::std::vec::Vec<f64> = ::std::vec::Vec::new();
            let mut state_m8: ::std::vec::Vec<f64> = ::std::vec::Vec::new();
            let (chosen_3, y_16, r_18): (f64, f64, f64) = if is_2 {
                state_m8 = state_m1.to_vec();
                advance(&mut state_m1, k_0);
                made_m2 = spread(k_0, 3usize);
                let y_6: f64 = made_m2[1usize];
                state_m7 = state_m1.to_vec();
                let r_7: f64 = scale(&state_m1, k_0);
                let mul_8: f64 = r_7 * y_6;
                (mul_8, y_6, r_7)
            } else {
                let mul_9: f64 = k_0 * k_0;
                (mul_9, 0.0f64, 0.0f64)
            };
            state_m1.fill(chosen_3);
            let sum_10: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let add_11: f64 = chosen_3 + sum_10;
            let mut d_state_m4: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut all_m5: ::std::vec::Vec<f64> = ::std::vec![0.0f64; d_state_m4.len()];
            all_m5.fill(seed_12);
            ::chainrule::rt::add_assign(&mut d_state_m4[..], &all_m5[..]);
            let ct_13: f64 = ::chainrule::rt::sum_all(&d_state_m4[..]);
            let d_chosen_14: f64 = seed_12 + ct_13;
            d_state_m4.fill(0.0f64);
            let d_k_27: f64 = if is_2 {
                let mut d_made_m6: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; made_m2.len()
                ];
                let mul_17: f64 = d_chosen_14 * y_16;
                let mul_19: f64 = d_chosen_14 * r_18;
                let d_arg_20: f64 = {
                    let (_, (pulled_w4, pulled_w5)) = scale::vjp(&state_m7, k_0, mul_17);
                    ::chainrule::rt::add_assign(&mut d_state_m4[..], &pulled_w4[..]);
                    pulled_w5
                };
                d_made_m6[1usize] += mul_19;
                let d_arg_21: f64 = {
                    let (_, pulled_w6) = spread::vjp(k_0, 3usize, d_made_m6);
                    pulled_w6
                };
                let d_k_22: f64 = d_arg_20 + d_arg_21;
                let d_arg_23: f64 = {
                    let (_, (pulled_w7, pulled_w8)) = advance::vjp(
                        &mut state_m8,
                        k_0,
                        ::core::mem::take(&mut d_state_m4),
                    );
                    d_state_m4 = pulled_w7;
                    pulled_w8
                };
                let d_k_24: f64 = d_k_22 + d_arg_23;
                d_k_24
            } else {
                let add_25: f64 = d_chosen_14 + d_chosen_14;
                let mul_26: f64 = add_25 * k_0;
                mul_26
            };
            ::chainrule::rt::add_assign(&mut (*d_x_m3)[..], &d_state_m4[..]);
            (add_11, (d_k_27,))
        }
    }
}
pub(crate) mod branch_in_a_loop {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let len_2: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let is_8: bool = y_7 > 0.0f64;
                    let chosen_9: f64 = if is_8 {
                        let r_10: f64 = p_m1.bump(s_5);
                        r_10
                    } else {
                        let y_11: f64 = p_m1.b;
                        let mul_12: f64 = y_11 * s_5;
                        p_m1.b = mul_12;
                        s_5
                    };
                    let r_13: f64 = p_m1.apply(s_5);
                    let add_14: f64 = chosen_9 + r_13;
                    s_5 = add_14;
                }
            }
            let s_6: f64 = s_5;
            let y_15: f64 = p_m1.b;
            let mul_16: f64 = s_6 * y_15;
            mul_16
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_17: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<
                (f64, f64, Scaler, ::core::option::Option<Scaler>),
            > = ::std::vec::Vec::with_capacity(len_2);
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let is_8: bool = y_7 > 0.0f64;
                    let mut p_m6: ::core::option::Option<Scaler> = ::core::option::Option::None;
                    let (chosen_9, y_30): (f64, f64) = if is_8 {
                        p_m6 = ::core::option::Option::Some(
                            ::core::clone::Clone::clone(&p_m1),
                        );
                        let r_10: f64 = p_m1.bump(s_5);
                        (r_10, 0.0f64)
                    } else {
                        let y_11: f64 = p_m1.b;
                        let mul_12: f64 = y_11 * s_5;
                        p_m1.b = mul_12;
                        (s_5, y_11)
                    };
                    let mut p_m4: Scaler = ::core::clone::Clone::clone(&p_m1);
                    let r_13: f64 = p_m1.apply(s_5);
                    let add_14: f64 = chosen_9 + r_13;
                    kept_r0.push((s_5, y_30, p_m4, p_m6.take()));
                    s_5 = add_14;
                }
            }
            let s_6: f64 = s_5;
            let y_15: f64 = p_m1.b;
            let mul_16: f64 = s_6 * y_15;
            let mut d_p_m3: Scaler = ::chainrule::rt::Tangent::zeros_like(&p_m1);
            let mul_18: f64 = seed_17 * y_15;
            let mul_19: f64 = seed_17 * s_6;
            d_p_m3.b += mul_19;
            let mut d_s_20: f64 = mul_18;
            {
                let n: usize = len_2;
                let x_w4 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_21 in (0..n).rev() {
                    let (
                        s_22,
                        y_31,
                        mut p_m5,
                        mut p_m7,
                    ): (f64, f64, Scaler, ::core::option::Option<Scaler>) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let d_arg_23: f64 = {
                        let (_, (pulled_w5, pulled_w6)) = p_m5.apply_vjp(s_22, d_s_20);
                        ::chainrule::rt::Tangent::add_assign(&mut d_p_m3, &pulled_w5);
                        pulled_w6
                    };
                    let y_35: f64 = x_w4[i_21];
                    let is_36: bool = y_35 > 0.0f64;
                    let d_s_34: f64 = if is_36 {
                        let d_arg_24: f64 = {
                            let (_, (pulled_w7, pulled_w8)) = (*::chainrule::rt::there_mut(
                                &mut p_m7,
                            ))
                                .bump_vjp(
                                    s_22,
                                    d_s_20,
                                    ::core::clone::Clone::clone(&d_p_m3),
                                );
                            d_p_m3 = pulled_w7;
                            pulled_w8
                        };
                        let d_s_25: f64 = d_arg_23 + d_arg_24;
                        d_s_25
                    } else {
                        let d_s_26: f64 = d_arg_23 + d_s_20;
                        let ct_27: f64 = d_p_m3.b;
                        d_p_m3.b = 0.0f64;
                        let mul_29: f64 = ct_27 * s_22;
                        let mul_32: f64 = ct_27 * y_31;
                        let d_s_33: f64 = d_s_26 + mul_32;
                        d_p_m3.b += mul_29;
                        d_s_33
                    };
                    d_s_20 = d_s_34;
                }
            }
            let d_s_37: f64 = d_s_20;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_p_m3.w[..]);
            let ct_38: f64 = d_p_m3.b;
            let d_k_39: f64 = d_s_37 + ct_38;
            (mul_16, (d_k_39,))
        }
    }
}
pub(crate) mod once {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut s_6: f64 = 0.0f64;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_5 in 0..n {
                    let y_8: f64 = x_w1[i_5];
                    let mut made_m1: ::std::vec::Vec<f64> = spread(y_8, 3usize);
                    let y_10: f64 = made_m1[0usize];
                    let y_12: f64 = made_m1[2usize];
                    let mul_13: f64 = y_10 * y_12;
                    let add_14: f64 = s_6 + mul_13;
                    s_6 = add_14;
                }
            }
            let s_7: f64 = s_6;
            let mul_15: f64 = s_7 * k_0;
            mul_15
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_16: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<::std::vec::Vec<f64>> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_6: f64 = 0.0f64;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_5 in 0..n {
                    let y_8: f64 = x_w1[i_5];
                    let mut made_m1: ::std::vec::Vec<f64> = spread(y_8, 3usize);
                    let y_10: f64 = made_m1[0usize];
                    let y_12: f64 = made_m1[2usize];
                    let mul_13: f64 = y_10 * y_12;
                    let add_14: f64 = s_6 + mul_13;
                    kept_r0.push(made_m1);
                    s_6 = add_14;
                }
            }
            let s_7: f64 = s_6;
            let mul_15: f64 = s_7 * k_0;
            let mul_17: f64 = seed_16 * k_0;
            let mul_18: f64 = seed_16 * s_7;
            {
                let n: usize = len_2;
                let x_w3 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let d_x_w4 = ::chainrule::rt::window_mut(&mut (*d_x_m2)[..], 0, n);
                for i_19 in (0..n).rev() {
                    let mut made_m4: ::std::vec::Vec<f64> = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let mut d_made_m3: ::std::vec::Vec<f64> = ::std::vec![
                        0.0f64; made_m4.len()
                    ];
                    let y_20: f64 = made_m4[2usize];
                    let mul_21: f64 = mul_17 * y_20;
                    let y_22: f64 = made_m4[0usize];
                    let mul_23: f64 = mul_17 * y_22;
                    d_made_m3[2usize] += mul_23;
                    d_made_m3[0usize] += mul_21;
                    let y_24: f64 = x_w3[i_19];
                    let d_arg_25: f64 = {
                        let (_, pulled_w5) = spread::vjp(y_24, 3usize, d_made_m3);
                        pulled_w5
                    };
                    d_x_w4[i_19] += d_arg_25;
                }
            }
            (mul_15, (mul_18,))
        }
    }
}
pub(crate) mod once_in_out {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mut s_6: f64 = 0.0f64;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_5 in 0..n {
                    let y_8: f64 = x_w1[i_5];
                    state_m1.fill(1.0f64);
                    advance(&mut state_m1, y_8);
                    let r_9: f64 = scale(&state_m1, k_0);
                    advance(&mut state_m1, r_9);
                    let y_11: f64 = state_m1[0usize];
                    let y_13: f64 = state_m1[1usize];
                    let mul_14: f64 = y_11 * y_13;
                    let add_15: f64 = s_6 + mul_14;
                    s_6 = add_15;
                }
            }
            let s_7: f64 = s_6;
            let mul_16: f64 = s_7 * 1.0f64;
            mul_16
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_17: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_2: usize = (*x_m0).len();
            let mul_18: f64 = seed_17 * 1.0f64;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut s_6: f64 = 0.0f64;
            let mut d_k_19: f64 = 0.0f64;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let d_x_w2 = ::chainrule::rt::window_mut(&mut (*d_x_m2)[..], 0, n);
                for i_5 in 0..n {
                    let y_8: f64 = x_w1[i_5];
                    state_m1.fill(1.0f64);
                    let mut state_m6: ::std::vec::Vec<f64> = state_m1.to_vec();
                    advance(&mut state_m1, y_8);
                    let mut state_m5: ::std::vec::Vec<f64> = state_m1.to_vec();
                    let r_9: f64 = scale(&state_m1, k_0);
                    let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                    advance(&mut state_m1, r_9);
                    let y_11: f64 = state_m1[0usize];
                    let y_13: f64 = state_m1[1usize];
                    let mul_14: f64 = y_11 * y_13;
                    let add_15: f64 = s_6 + mul_14;
                    let mul_21: f64 = mul_18 * y_13;
                    let mul_22: f64 = mul_18 * y_11;
                    d_state_m3[1usize] += mul_22;
                    d_state_m3[0usize] += mul_21;
                    let d_arg_23: f64 = {
                        let (_, (pulled_w6, pulled_w7)) = advance::vjp(
                            &mut state_m4,
                            r_9,
                            ::core::mem::take(&mut d_state_m3),
                        );
                        d_state_m3 = pulled_w6;
                        pulled_w7
                    };
                    let d_arg_24: f64 = {
                        let (_, (pulled_w8, pulled_w9)) = scale::vjp(
                            &state_m5,
                            k_0,
                            d_arg_23,
                        );
                        ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w8[..]);
                        pulled_w9
                    };
                    let d_k_25: f64 = d_k_19 + d_arg_24;
                    let d_arg_26: f64 = {
                        let (_, (pulled_w10, pulled_w11)) = advance::vjp(
                            &mut state_m6,
                            y_8,
                            ::core::mem::take(&mut d_state_m3),
                        );
                        d_state_m3 = pulled_w10;
                        pulled_w11
                    };
                    d_state_m3.fill(0.0f64);
                    d_x_w2[i_5] += d_arg_26;
                    s_6 = add_15;
                    d_k_19 = d_k_25;
                }
            }
            let s_7: f64 = s_6;
            let d_k_28: f64 = d_k_19;
            let mul_16: f64 = s_7 * 1.0f64;
            let mul_29: f64 = seed_17 * 1.0f64;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (mul_16, (d_k_28,))
        }
    }
}
pub(crate) mod checkpointed {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..10usize {
                let r_7: f64 = step(&mut state_m1, s_5);
                let r_8: f64 = scale(&state_m1, s_5);
                let mul_9: f64 = r_7 * 0.5f64;
                let mul_10: f64 = s_5 * 0.5f64;
                let add_11: f64 = mul_9 + mul_10;
                let add_12: f64 = add_11 + r_8;
                s_5 = add_12;
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_13: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut kept_r0: ::std::vec::Vec<(f64, usize, ::std::vec::Vec<f64>)> = ::std::vec::Vec::new();
            let mut kept_r1: ::std::vec::Vec<
                (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::new();
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let every_16: usize = {
                let __lo = 0usize;
                let __hi = 10usize;
                ::chainrule::rt::checkpoint_every(__hi as i128 - __lo as i128)
            };
            let mut s_5: f64 = k_0;
            let mut step_17: usize = 0usize;
            let mut due_20: usize = 0usize;
            let mut states_23: usize = 0usize;
            for i_4 in 0usize..10usize {
                let ready_26: bool = step_17 == due_20;
                let (due_21, states_24): (usize, usize) = if ready_26 {
                    kept_r0.push((s_5, i_4, state_m1.to_vec()));
                    let states_28: usize = states_23 + 1usize;
                    let due_27: usize = due_20.saturating_add(every_16);
                    (due_27, states_28)
                } else {
                    (due_20, states_23)
                };
                let step_18: usize = step_17 + 1usize;
                let r_7: f64 = step(&mut state_m1, s_5);
                let r_8: f64 = scale(&state_m1, s_5);
                let mul_9: f64 = r_7 * 0.5f64;
                let mul_10: f64 = s_5 * 0.5f64;
                let add_11: f64 = mul_9 + mul_10;
                let add_12: f64 = add_11 + r_8;
                s_5 = add_12;
                step_17 = step_18;
                due_20 = due_21;
                states_23 = states_24;
            }
            let s_6: f64 = s_5;
            let step_19: usize = step_17;
            let due_22: usize = due_20;
            let states_25: usize = states_23;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut end_31: usize = 10usize;
            let mut d_s_29: f64 = seed_13;
            for stretch_55 in (0usize..states_25).rev() {
                let (s_32, first_30, mut state_m4): (f64, usize, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mut s_44: f64 = s_32;
                for i_43 in first_30..end_31 {
                    let mut state_m9: ::std::vec::Vec<f64> = state_m4.to_vec();
                    let r_46: f64 = step(&mut state_m4, s_44);
                    let mut state_m10: ::std::vec::Vec<f64> = state_m4.to_vec();
                    let r_47: f64 = scale(&state_m4, s_44);
                    let mul_48: f64 = r_46 * 0.5f64;
                    let mul_49: f64 = s_44 * 0.5f64;
                    let add_50: f64 = mul_48 + mul_49;
                    let add_51: f64 = add_50 + r_47;
                    kept_r1.push((s_44, state_m10, state_m9));
                    s_44 = add_51;
                }
                let s_45: f64 = s_44;
                let mut d_s_33: f64 = d_s_29;
                for i_34 in (first_30..end_31).rev() {
                    let (
                        s_37,
                        mut state_m6,
                        mut state_m8,
                    ): (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                        &mut kept_r1,
                    );
                    let mul_35: f64 = d_s_33 * 0.5f64;
                    let mul_36: f64 = d_s_33 * 0.5f64;
                    let d_arg_38: f64 = {
                        let (_, (pulled_w5, pulled_w6)) = scale::vjp(
                            &state_m6,
                            s_37,
                            d_s_33,
                        );
                        ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w5[..]);
                        pulled_w6
                    };
                    let d_s_39: f64 = mul_35 + d_arg_38;
                    let d_arg_40: f64 = {
                        let (_, (pulled_w7, pulled_w8)) = step::vjp(
                            &mut state_m8,
                            s_37,
                            mul_36,
                            ::core::mem::take(&mut d_state_m3),
                        );
                        d_state_m3 = pulled_w7;
                        pulled_w8
                    };
                    let d_s_41: f64 = d_s_39 + d_arg_40;
                    d_s_33 = d_s_41;
                }
                let d_s_42: f64 = d_s_33;
                end_31 = first_30;
                d_s_29 = d_s_42;
            }
            let end_52: usize = end_31;
            let d_s_53: f64 = d_s_29;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (s_6, (d_s_53,))
        }
    }
}
pub(crate) mod growing {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..3usize {
                grow(&mut state_m1, s_4);
                let r_6: f64 = scale(&state_m1, s_4);
                s_4 = r_6;
            }
            let s_5: f64 = s_4;
            let r_7: f64 = scale(&state_m1, k_0);
            let mul_8: f64 = r_7 * s_5;
            mul_8
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_9: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut kept_r0: ::std::vec::Vec<
                (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::with_capacity(3usize);
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..3usize {
                let mut state_m6: ::std::vec::Vec<f64> = state_m1.to_vec();
                grow(&mut state_m1, s_4);
                let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                let r_6: f64 = scale(&state_m1, s_4);
                kept_r0.push((s_4, state_m4, state_m6));
                s_4 = r_6;
            }
            let s_5: f64 = s_4;
            let r_7: f64 = scale(&state_m1, k_0);
            let mul_8: f64 = r_7 * s_5;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mul_10: f64 = seed_9 * s_5;
            let mul_11: f64 = seed_9 * r_7;
            let d_arg_12: f64 = {
                let (_, (pulled_w4, pulled_w5)) = scale::vjp(&state_m1, k_0, mul_10);
                ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w4[..]);
                pulled_w5
            };
            let mut d_s_13: f64 = mul_11;
            for i_14 in (0usize..3usize).rev() {
                let (
                    s_15,
                    mut state_m5,
                    mut state_m7,
                ): (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let d_arg_16: f64 = {
                    let (_, (pulled_w6, pulled_w7)) = scale::vjp(
                        &state_m5,
                        s_15,
                        d_s_13,
                    );
                    ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w6[..]);
                    pulled_w7
                };
                let d_arg_17: f64 = {
                    let (_, (pulled_w8, pulled_w9)) = grow::vjp(
                        &mut state_m7,
                        s_15,
                        ::core::mem::take(&mut d_state_m3),
                    );
                    d_state_m3 = pulled_w8;
                    pulled_w9
                };
                let d_s_18: f64 = d_arg_16 + d_arg_17;
                d_s_13 = d_s_18;
            }
            let d_s_19: f64 = d_s_13;
            let d_k_20: f64 = d_arg_12 + d_s_19;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (mul_8, (d_k_20,))
        }
    }
}
pub(crate) mod halves {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_3: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            for i_4 in 1usize..len_3 {
                let mut held_w1 = state_m1[0usize..i_4].to_vec();
                let mut held_w2 = state_m1[i_4..].to_vec();
                mix((&mut held_w1[..]), (&mut held_w2[..]));
                state_m1[0usize..i_4].clone_from_slice(&held_w1[..]);
                state_m1[i_4..].clone_from_slice(&held_w2[..]);
                let r_7: f64 = scale(&state_m1, s_5);
                s_5 = r_7;
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_8: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut kept_r0: ::std::vec::Vec<
                (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::new();
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let len_3: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            for i_4 in 1usize..len_3 {
                let mut state_m6: ::std::vec::Vec<f64> = state_m1[0usize..i_4].to_vec();
                let mut state_m8: ::std::vec::Vec<f64> = state_m1[i_4..].to_vec();
                let mut held_w1 = state_m1[0usize..i_4].to_vec();
                let mut held_w2 = state_m1[i_4..].to_vec();
                mix((&mut held_w1[..]), (&mut held_w2[..]));
                state_m1[0usize..i_4].clone_from_slice(&held_w1[..]);
                state_m1[i_4..].clone_from_slice(&held_w2[..]);
                let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                let r_7: f64 = scale(&state_m1, s_5);
                kept_r0.push((s_5, state_m4, state_m6, state_m8));
                s_5 = r_7;
            }
            let s_6: f64 = s_5;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut d_s_9: f64 = seed_8;
            for i_10 in (1usize..len_3).rev() {
                let (
                    s_11,
                    mut state_m5,
                    mut state_m7,
                    mut state_m9,
                ): (
                    f64,
                    ::std::vec::Vec<f64>,
                    ::std::vec::Vec<f64>,
                    ::std::vec::Vec<f64>,
                ) = ::chainrule::rt::recall(&mut kept_r0);
                let d_arg_12: f64 = {
                    let (_, (pulled_w5, pulled_w6)) = scale::vjp(&state_m5, s_11, d_s_9);
                    ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w5[..]);
                    pulled_w6
                };
                {
                    let (_, (pulled_w7, pulled_w8)) = mix::vjp(
                        &mut state_m7,
                        &mut state_m9,
                        d_state_m3[0usize..i_10].to_vec(),
                        d_state_m3[i_10..].to_vec(),
                    );
                    d_state_m3[0usize..i_10].clone_from_slice(&pulled_w7[..]);
                    d_state_m3[i_10..].clone_from_slice(&pulled_w8[..]);
                    ()
                }
                d_s_9 = d_arg_12;
            }
            let d_s_13: f64 = d_s_9;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (s_6, (d_s_13,))
        }
    }
}
pub(crate) mod scalar {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut y_m1: f64 = 0.0f64;
            y_m1 = k_0;
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                bend(&mut y_m1, s_4, &x_m0[i_3]);
                let y_6: f64 = y_m1;
                let mul_7: f64 = y_6 * s_4;
                s_4 = mul_7;
            }
            let s_5: f64 = s_4;
            let y_8: f64 = y_m1;
            let add_9: f64 = y_8 + s_5;
            add_9
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_10: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut y_m1: f64 = 0.0f64;
            y_m1 = k_0;
            let mut kept_r0: ::std::vec::Vec<(f64, f64, f64)> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..len_2 {
                let mut y_m4: f64 = y_m1;
                bend(&mut y_m1, s_4, &x_m0[i_3]);
                let y_6: f64 = y_m1;
                let mul_7: f64 = y_6 * s_4;
                kept_r0.push((s_4, y_6, y_m4));
                s_4 = mul_7;
            }
            let s_5: f64 = s_4;
            let y_8: f64 = y_m1;
            let add_9: f64 = y_8 + s_5;
            let mut d_y_m3: f64 = 0.0f64;
            d_y_m3 += seed_10;
            let mut d_s_11: f64 = seed_10;
            for i_12 in (0usize..len_2).rev() {
                let (s_13, y_15, mut y_m5): (f64, f64, f64) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mul_14: f64 = d_s_11 * s_13;
                let mul_16: f64 = d_s_11 * y_15;
                d_y_m3 += mul_14;
                let d_arg_17: f64 = {
                    let (_, (pulled_w2, pulled_w3, pulled_w4)) = bend::vjp(
                        &mut y_m5,
                        s_13,
                        &x_m0[i_12],
                        d_y_m3,
                    );
                    d_y_m3 = pulled_w2;
                    d_x_m2[i_12] = d_x_m2[i_12] + pulled_w4;
                    pulled_w3
                };
                let d_s_18: f64 = mul_16 + d_arg_17;
                d_s_11 = d_s_18;
            }
            let d_s_19: f64 = d_s_11;
            let ct_20: f64 = d_y_m3;
            d_y_m3 = 0.0f64;
            let d_k_22: f64 = d_s_19 + ct_20;
            (add_9, (d_k_22,))
        }
    }
}
pub(crate) mod object {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut object_3: _ = { Counter { n: 0 } };
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let r_8: f64 = draw(&mut object_3, s_5);
                    let mul_9: f64 = r_8 * y_7;
                    s_5 = mul_9;
                }
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_10: f64,
            d_x_m1: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut object_3: _ = { Counter { n: 0 } };
            let mut kept_r0: ::std::vec::Vec<(f64, _, f64)> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let mut before_17: _ = {
                        let __object = &object_3;
                        ::core::clone::Clone::clone(&*__object)
                    };
                    let r_8: f64 = draw(&mut object_3, s_5);
                    let mul_9: f64 = r_8 * y_7;
                    kept_r0.push((r_8, before_17, s_5));
                    s_5 = mul_9;
                }
            }
            let s_6: f64 = s_5;
            let mut d_s_11: f64 = seed_10;
            {
                let n: usize = len_2;
                let x_w3 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let d_x_w4 = ::chainrule::rt::window_mut(&mut (*d_x_m1)[..], 0, n);
                for i_12 in (0..n).rev() {
                    let (r_15, mut before_18, s_19): (f64, _, f64) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let y_13: f64 = x_w3[i_12];
                    let mul_14: f64 = d_s_11 * y_13;
                    let mul_16: f64 = d_s_11 * r_15;
                    let d_arg_20: f64 = {
                        let (_, pulled_w5) = draw::vjp(&mut before_18, s_19, mul_14);
                        pulled_w5
                    };
                    d_x_w4[i_12] += mul_16;
                    d_s_11 = d_arg_20;
                }
            }
            let d_s_21: f64 = d_s_11;
            (s_6, (d_s_21,))
        }
    }
}
pub(crate) mod consumed {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..3usize {
                let r_6: f64 = {
                    let mut held_w1 = state_m1.to_vec();
                    let mut held_w2 = state_m1.to_vec();
                    let result_w3 = absorb(held_w1, (&mut held_w2));
                    state_m1 = held_w2;
                    result_w3
                };
                let mul_7: f64 = r_6 * s_4;
                s_4 = mul_7;
            }
            let s_5: f64 = s_4;
            let sum_8: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let mul_9: f64 = s_5 * sum_8;
            mul_9
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_10: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut kept_r0: ::std::vec::Vec<
                (f64, f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::with_capacity(3usize);
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..3usize {
                let mut state_m5: ::std::vec::Vec<f64> = state_m1.to_vec();
                let mut state_m7: ::std::vec::Vec<f64> = state_m1.to_vec();
                let r_6: f64 = {
                    let mut held_w1 = state_m1.to_vec();
                    let mut held_w2 = state_m1.to_vec();
                    let result_w3 = absorb(held_w1, (&mut held_w2));
                    state_m1 = held_w2;
                    result_w3
                };
                let mul_7: f64 = r_6 * s_4;
                kept_r0.push((s_4, r_6, state_m5, state_m7));
                s_4 = mul_7;
            }
            let s_5: f64 = s_4;
            let sum_8: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let mul_9: f64 = s_5 * sum_8;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mul_11: f64 = seed_10 * sum_8;
            let mul_12: f64 = seed_10 * s_5;
            let mut all_m4: ::std::vec::Vec<f64> = ::std::vec![0.0f64; d_state_m3.len()];
            all_m4.fill(mul_12);
            ::chainrule::rt::add_assign(&mut d_state_m3[..], &all_m4[..]);
            let mut d_s_13: f64 = mul_11;
            for i_14 in (0usize..3usize).rev() {
                let (
                    s_15,
                    r_17,
                    mut state_m6,
                    mut state_m8,
                ): (f64, f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mul_16: f64 = d_s_13 * s_15;
                let mul_18: f64 = d_s_13 * r_17;
                {
                    let (_, (pulled_w4, pulled_w5)) = absorb::vjp(
                        state_m6.to_vec(),
                        &mut state_m8,
                        mul_16,
                        ::core::mem::take(&mut d_state_m3),
                    );
                    d_state_m3 = pulled_w5;
                    ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w4[..]);
                    ()
                }
                d_s_13 = mul_18;
            }
            let d_s_19: f64 = d_s_13;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (mul_9, (d_s_19,))
        }
    }
}
pub(crate) mod unused {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let r_1: f64 = step(&mut state_m1, k_0);
            let mut made_m2: ::std::vec::Vec<f64> = echo(&mut state_m1, k_0);
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                let mut made_m3: ::std::vec::Vec<f64> = echo(&mut state_m1, s_5);
                let mul_7: f64 = s_5 * s_5;
                s_5 = mul_7;
            }
            let s_6: f64 = s_5;
            let sum_8: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let mul_9: f64 = sum_8 * s_6;
            mul_9
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_10: f64,
            d_x_m4: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut state_m13: ::std::vec::Vec<f64> = state_m1.to_vec();
            let r_1: f64 = step(&mut state_m1, k_0);
            let mut state_m12: ::std::vec::Vec<f64> = state_m1.to_vec();
            let mut made_m2: ::std::vec::Vec<f64> = echo(&mut state_m1, k_0);
            let mut zeros_m11: ::std::vec::Vec<f64> = ::std::vec![0.0f64; made_m2.len()];
            let mut kept_r0: ::std::vec::Vec<
                (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::with_capacity(2usize);
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                let mut state_m9: ::std::vec::Vec<f64> = state_m1.to_vec();
                let mut made_m3: ::std::vec::Vec<f64> = echo(&mut state_m1, s_5);
                let mut zeros_m7: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; made_m3.len()
                ];
                let mul_7: f64 = s_5 * s_5;
                kept_r0.push((s_5, zeros_m7, state_m9));
                s_5 = mul_7;
            }
            let s_6: f64 = s_5;
            let sum_8: f64 = ::chainrule::rt::sum_all(&state_m1[..]);
            let mul_9: f64 = sum_8 * s_6;
            let mut d_state_m5: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mul_11: f64 = seed_10 * s_6;
            let mul_12: f64 = seed_10 * sum_8;
            let mut all_m6: ::std::vec::Vec<f64> = ::std::vec![0.0f64; d_state_m5.len()];
            all_m6.fill(mul_11);
            ::chainrule::rt::add_assign(&mut d_state_m5[..], &all_m6[..]);
            let mut d_s_13: f64 = mul_12;
            for i_14 in (0usize..2usize).rev() {
                let (
                    s_16,
                    mut zeros_m8,
                    mut state_m10,
                ): (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let add_15: f64 = d_s_13 + d_s_13;
                let mul_17: f64 = add_15 * s_16;
                let d_arg_18: f64 = {
                    let (_, (pulled_w4, pulled_w5)) = echo::vjp(
                        &mut state_m10,
                        s_16,
                        zeros_m8,
                        ::core::mem::take(&mut d_state_m5),
                    );
                    d_state_m5 = pulled_w4;
                    pulled_w5
                };
                let d_s_19: f64 = mul_17 + d_arg_18;
                d_s_13 = d_s_19;
            }
            let d_s_20: f64 = d_s_13;
            let d_arg_21: f64 = {
                let (_, (pulled_w6, pulled_w7)) = echo::vjp(
                    &mut state_m12,
                    k_0,
                    zeros_m11,
                    d_state_m5,
                );
                d_state_m5 = pulled_w6;
                pulled_w7
            };
            let d_k_22: f64 = d_s_20 + d_arg_21;
            let d_arg_24: f64 = {
                let (_, (pulled_w8, pulled_w9)) = step::vjp(
                    &mut state_m13,
                    k_0,
                    0.0f64,
                    d_state_m5,
                );
                d_state_m5 = pulled_w8;
                pulled_w9
            };
            let d_k_25: f64 = d_k_22 + d_arg_24;
            ::chainrule::rt::add_assign(&mut (*d_x_m4)[..], &d_state_m5[..]);
            (mul_9, (d_k_25,))
        }
    }
}
pub(crate) mod fields {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                advance(&mut p_m1.w, s_5);
                let r_7: f64 = step(&mut p_m1.w[1usize..], s_5);
                let mut held_w3 = ::core::clone::Clone::clone(&p_m1.b);
                let mut held_w4 = ::core::clone::Clone::clone(&p_m1.b);
                bend((&mut held_w3), s_5, (&held_w4));
                p_m1.b = held_w3;
                let mul_8: f64 = r_7 * s_5;
                s_5 = mul_8;
            }
            let s_6: f64 = s_5;
            let y_9: f64 = p_m1.b;
            let y_11: f64 = p_m1.w[0usize];
            let mul_12: f64 = y_9 * y_11;
            let add_13: f64 = mul_12 + s_6;
            add_13
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_14: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let mut kept_r0: ::std::vec::Vec<(f64, f64, _, _, ::std::vec::Vec<_>, _)> = ::std::vec::Vec::with_capacity(
                2usize,
            );
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                let mut p_m10: _ = ::core::clone::Clone::clone(&p_m1.w);
                advance(&mut p_m1.w, s_5);
                let mut p_m8: ::std::vec::Vec<_> = p_m1.w[1usize..].to_vec();
                let r_7: f64 = step(&mut p_m1.w[1usize..], s_5);
                let mut p_m4: _ = ::core::clone::Clone::clone(&p_m1.b);
                let mut p_m6: _ = ::core::clone::Clone::clone(&p_m1.b);
                let mut held_w3 = ::core::clone::Clone::clone(&p_m1.b);
                let mut held_w4 = ::core::clone::Clone::clone(&p_m1.b);
                bend((&mut held_w3), s_5, (&held_w4));
                p_m1.b = held_w3;
                let mul_8: f64 = r_7 * s_5;
                kept_r0.push((s_5, r_7, p_m4, p_m6, p_m8, p_m10));
                s_5 = mul_8;
            }
            let s_6: f64 = s_5;
            let y_9: f64 = p_m1.b;
            let y_11: f64 = p_m1.w[0usize];
            let mul_12: f64 = y_9 * y_11;
            let add_13: f64 = mul_12 + s_6;
            let mut d_p_m3: Scaler = ::chainrule::rt::Tangent::zeros_like(&p_m1);
            let mul_15: f64 = seed_14 * y_11;
            let mul_16: f64 = seed_14 * y_9;
            d_p_m3.w[0usize] += mul_16;
            d_p_m3.b += mul_15;
            let mut d_s_17: f64 = seed_14;
            for i_18 in (0usize..2usize).rev() {
                let (
                    s_19,
                    r_21,
                    mut p_m5,
                    mut p_m7,
                    mut p_m9,
                    mut p_m11,
                ): (f64, f64, _, _, ::std::vec::Vec<_>, _) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mul_20: f64 = d_s_17 * s_19;
                let mul_22: f64 = d_s_17 * r_21;
                let d_arg_23: f64 = {
                    let (_, (pulled_w6, pulled_w7, pulled_w8)) = bend::vjp(
                        &mut p_m5,
                        s_19,
                        &p_m7,
                        ::core::clone::Clone::clone(&d_p_m3.b),
                    );
                    d_p_m3.b = pulled_w6;
                    ::chainrule::rt::Tangent::add_assign(&mut d_p_m3.b, &pulled_w8);
                    pulled_w7
                };
                let d_s_24: f64 = mul_22 + d_arg_23;
                let d_arg_25: f64 = {
                    let (_, (pulled_w9, pulled_w10)) = step::vjp(
                        &mut p_m9,
                        s_19,
                        mul_20,
                        d_p_m3.w[1usize..].to_vec(),
                    );
                    d_p_m3.w[1usize..].clone_from_slice(&pulled_w9[..]);
                    pulled_w10
                };
                let d_s_26: f64 = d_s_24 + d_arg_25;
                let d_arg_27: f64 = {
                    let (_, (pulled_w11, pulled_w12)) = advance::vjp(
                        &mut p_m11,
                        s_19,
                        ::core::clone::Clone::clone(&d_p_m3.w),
                    );
                    d_p_m3.w = pulled_w11;
                    pulled_w12
                };
                let d_s_28: f64 = d_s_26 + d_arg_27;
                d_s_17 = d_s_28;
            }
            let d_s_29: f64 = d_s_17;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_p_m3.w[..]);
            let ct_30: f64 = d_p_m3.b;
            let d_k_31: f64 = d_s_29 + ct_30;
            (add_13, (d_k_31,))
        }
    }
}
pub(crate) mod nested {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
                let mut s_8: f64 = s_5;
                for i_7 in 0usize..3usize {
                    let r_10: f64 = step(&mut state_m1, s_8);
                    state_m1[0usize] = r_10;
                    let r_11: f64 = scale(&state_m1[0usize..2usize], s_8);
                    let add_12: f64 = r_10 + r_11;
                    s_8 = add_12;
                }
                let s_9: f64 = s_8;
                let r_13: f64 = scale(&state_m1, s_9);
                s_5 = r_13;
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_14: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut kept_r0: ::std::vec::Vec<
                (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::with_capacity(usize::saturating_mul(3usize, 2usize));
            let mut kept_r1: ::std::vec::Vec<(f64, ::std::vec::Vec<f64>)> = ::std::vec::Vec::with_capacity(
                2usize,
            );
            let mut s_5: f64 = k_0;
            for i_4 in 0usize..2usize {
                let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
                let mut s_8: f64 = s_5;
                for i_7 in 0usize..3usize {
                    let mut state_m7: ::std::vec::Vec<f64> = state_m1.to_vec();
                    let r_10: f64 = step(&mut state_m1, s_8);
                    state_m1[0usize] = r_10;
                    let mut state_m5: ::std::vec::Vec<f64> = state_m1[0usize..2usize]
                        .to_vec();
                    let r_11: f64 = scale(&state_m1[0usize..2usize], s_8);
                    let add_12: f64 = r_10 + r_11;
                    kept_r0.push((s_8, state_m5, state_m7));
                    s_8 = add_12;
                }
                let s_9: f64 = s_8;
                let r_13: f64 = scale(&state_m1, s_9);
                kept_r1.push((s_9, state_m1));
                s_5 = r_13;
            }
            let s_6: f64 = s_5;
            let mut d_s_15: f64 = seed_14;
            for i_16 in (0usize..2usize).rev() {
                let (s_17, mut state_m4): (f64, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r1,
                );
                let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; state_m4.len()
                ];
                let d_arg_18: f64 = {
                    let (_, (pulled_w4, pulled_w5)) = scale::vjp(
                        &state_m4,
                        s_17,
                        d_s_15,
                    );
                    ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w4[..]);
                    pulled_w5
                };
                let mut d_s_19: f64 = d_arg_18;
                for i_20 in (0usize..3usize).rev() {
                    let (
                        s_21,
                        mut state_m6,
                        mut state_m8,
                    ): (f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let d_arg_22: f64 = {
                        let (_, (pulled_w6, pulled_w7)) = scale::vjp(
                            &state_m6,
                            s_21,
                            d_s_19,
                        );
                        ::chainrule::rt::add_assign(
                            &mut d_state_m3[0usize..2usize][..],
                            &pulled_w6[..],
                        );
                        pulled_w7
                    };
                    let ct_23: f64 = d_state_m3[0usize];
                    d_state_m3[0usize] = 0.0f64;
                    let d_r_25: f64 = d_s_19 + ct_23;
                    let d_arg_26: f64 = {
                        let (_, (pulled_w8, pulled_w9)) = step::vjp(
                            &mut state_m8,
                            s_21,
                            d_r_25,
                            ::core::mem::take(&mut d_state_m3),
                        );
                        d_state_m3 = pulled_w8;
                        pulled_w9
                    };
                    let d_s_27: f64 = d_arg_22 + d_arg_26;
                    d_s_19 = d_s_27;
                }
                let d_s_28: f64 = d_s_19;
                ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
                d_s_15 = d_s_28;
            }
            let d_s_29: f64 = d_s_15;
            (s_6, (d_s_29,))
        }
    }
}
pub(crate) mod until {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut s_2: f64 = k_0;
            loop {
                let r_4: f64 = step(&mut state_m1, s_2);
                let is_5: bool = r_4 < 0.6f64;
                s_2 = r_4;
                if is_5 {
                    break;
                }
            }
            let s_3: f64 = s_2;
            s_3
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_6: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut kept_r0: ::std::vec::Vec<(f64, ::std::vec::Vec<f64>)> = ::std::vec::Vec::new();
            let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let mut s_2: f64 = k_0;
            let mut count_11: usize = 0;
            loop {
                let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                let r_4: f64 = step(&mut state_m1, s_2);
                let is_5: bool = r_4 < 0.6f64;
                kept_r0.push((s_2, state_m4));
                s_2 = r_4;
                count_11 += 1;
                if is_5 {
                    break;
                }
            }
            let s_3: f64 = s_2;
            let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                0.0f64; state_m1.len()
            ];
            let mut d_s_7: f64 = seed_6;
            for k_12 in (0usize..count_11).rev() {
                let (s_8, mut state_m5): (f64, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let d_arg_9: f64 = {
                    let (_, (pulled_w2, pulled_w3)) = step::vjp(
                        &mut state_m5,
                        s_8,
                        d_s_7,
                        ::core::mem::take(&mut d_state_m3),
                    );
                    d_state_m3 = pulled_w2;
                    pulled_w3
                };
                d_s_7 = d_arg_9;
            }
            let d_s_10: f64 = d_s_7;
            ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
            (s_3, (d_s_10,))
        }
    }
}
pub(crate) mod moved {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let mut made_m1: ::std::vec::Vec<f64> = spread(s_5, 3usize);
                    let mut w_m2: ::std::vec::Vec<f64> = made_m1;
                    let y_7: f64 = x_w1[i_4];
                    let y_8: f64 = w_m2[0usize];
                    let mul_9: f64 = y_7 * y_8;
                    w_m2[0usize] = mul_9;
                    let r_10: f64 = scale(&w_m2, s_5);
                    s_5 = r_10;
                }
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_11: f64,
            d_x_m3: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<(f64, f64, ::std::vec::Vec<f64>)> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let mut made_m1: ::std::vec::Vec<f64> = spread(s_5, 3usize);
                    let mut w_m2: ::std::vec::Vec<f64> = made_m1;
                    let y_7: f64 = x_w1[i_4];
                    let y_8: f64 = w_m2[0usize];
                    let mul_9: f64 = y_7 * y_8;
                    w_m2[0usize] = mul_9;
                    let r_10: f64 = scale(&w_m2, s_5);
                    kept_r0.push((s_5, y_8, w_m2));
                    s_5 = r_10;
                }
            }
            let s_6: f64 = s_5;
            let mut d_s_12: f64 = seed_11;
            {
                let n: usize = len_2;
                let x_w4 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let d_x_w5 = ::chainrule::rt::window_mut(&mut (*d_x_m3)[..], 0, n);
                for i_13 in (0..n).rev() {
                    let (s_14, y_18, mut w_m5): (f64, f64, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let mut d_w_m4: ::std::vec::Vec<f64> = ::std::vec![
                        0.0f64; w_m5.len()
                    ];
                    let d_arg_15: f64 = {
                        let (_, (pulled_w6, pulled_w7)) = scale::vjp(
                            &w_m5,
                            s_14,
                            d_s_12,
                        );
                        ::chainrule::rt::add_assign(&mut d_w_m4[..], &pulled_w6[..]);
                        pulled_w7
                    };
                    let ct_16: f64 = d_w_m4[0usize];
                    d_w_m4[0usize] = 0.0f64;
                    let mul_19: f64 = ct_16 * y_18;
                    let y_20: f64 = x_w4[i_13];
                    let mul_21: f64 = ct_16 * y_20;
                    d_w_m4[0usize] += mul_21;
                    d_x_w5[i_13] += mul_19;
                    let mut d_made_m6: ::std::vec::Vec<f64> = d_w_m4;
                    let d_arg_22: f64 = {
                        let (_, pulled_w8) = spread::vjp(s_14, 3usize, d_made_m6);
                        pulled_w8
                    };
                    let d_s_23: f64 = d_arg_15 + d_arg_22;
                    d_s_12 = d_s_23;
                }
            }
            let d_s_24: f64 = d_s_12;
            (s_6, (d_s_24,))
        }
    }
}
pub(crate) mod rows {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let y_4: f64 = x_m0[1usize];
            let mut row_m1: [f64; 2] = [k_0, y_4];
            let mut rows_m2: ::std::vec::Vec<[f64; 2]> = ::std::vec![
                ::core::clone::Clone::clone(& row_m1); len_2
            ];
            let mut s_6: f64 = k_0;
            for i_5 in 0usize..len_2 {
                turn(&mut rows_m2[i_5], s_6);
                turn(&mut row_m1, s_6);
                let y_9: f64 = row_m1[1usize];
                let mul_10: f64 = y_9 * s_6;
                s_6 = mul_10;
            }
            let s_7: f64 = s_6;
            let sum_11: f64 = {
                let mut sum = 0.0f64;
                for part in rows_m2.iter() {
                    sum = sum + ::chainrule::rt::sum_all(&(*part)[..]);
                }
                sum
            };
            let add_12: f64 = sum_11 + s_7;
            add_12
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_13: f64,
            d_x_m3: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let y_4: f64 = x_m0[1usize];
            let mut row_m1: [f64; 2] = [k_0, y_4];
            let mut rows_m2: ::std::vec::Vec<[f64; 2]> = ::std::vec![
                ::core::clone::Clone::clone(& row_m1); len_2
            ];
            let mut kept_r0: ::std::vec::Vec<(f64, f64, [f64; 2], [f64; 2])> = ::std::vec::Vec::with_capacity(
                len_2,
            );
            let mut s_6: f64 = k_0;
            for i_5 in 0usize..len_2 {
                let mut rows_m9: [f64; 2] = ::core::clone::Clone::clone(&rows_m2[i_5]);
                turn(&mut rows_m2[i_5], s_6);
                let mut row_m7: [f64; 2] = ::core::clone::Clone::clone(&row_m1);
                turn(&mut row_m1, s_6);
                let y_9: f64 = row_m1[1usize];
                let mul_10: f64 = y_9 * s_6;
                kept_r0.push((s_6, y_9, row_m7, rows_m9));
                s_6 = mul_10;
            }
            let s_7: f64 = s_6;
            let sum_11: f64 = {
                let mut sum = 0.0f64;
                for part in rows_m2.iter() {
                    sum = sum + ::chainrule::rt::sum_all(&(*part)[..]);
                }
                sum
            };
            let add_12: f64 = sum_11 + s_7;
            let mut d_row_m4: [f64; 2] = [0.0f64; 2];
            let mut d_rows_m5: ::std::vec::Vec<[f64; 2]> = ::std::vec![
                [0.0f64; 2]; rows_m2.len()
            ];
            let mut all_m6: ::std::vec::Vec<[f64; 2]> = ::std::vec![
                [0.0f64; 2]; d_rows_m5.len()
            ];
            for part in all_m6.iter_mut() {
                (*part).fill(seed_13);
            }
            ::chainrule::rt::check_same(d_rows_m5.len(), all_m6.len());
            for (to, from) in d_rows_m5.iter_mut().zip(all_m6.iter()) {
                ::chainrule::rt::add_assign(&mut (*to)[..], &(*from)[..]);
            }
            let mut d_s_14: f64 = seed_13;
            for i_15 in (0usize..len_2).rev() {
                let (
                    s_16,
                    y_18,
                    mut row_m8,
                    mut rows_m10,
                ): (f64, f64, [f64; 2], [f64; 2]) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mul_17: f64 = d_s_14 * s_16;
                let mul_19: f64 = d_s_14 * y_18;
                d_row_m4[1usize] += mul_17;
                let d_arg_20: f64 = {
                    let (_, (pulled_w3, pulled_w4)) = turn::vjp(
                        &mut row_m8,
                        s_16,
                        ::core::convert::Into::into(
                            ::core::clone::Clone::clone(&d_row_m4),
                        ),
                    );
                    d_row_m4 = ::chainrule::rt::fixed(pulled_w3);
                    pulled_w4
                };
                let d_s_21: f64 = mul_19 + d_arg_20;
                let d_arg_22: f64 = {
                    let (_, (pulled_w5, pulled_w6)) = turn::vjp(
                        &mut rows_m10,
                        s_16,
                        ::core::convert::Into::into(
                            ::core::clone::Clone::clone(&d_rows_m5[i_15]),
                        ),
                    );
                    d_rows_m5[i_15] = ::chainrule::rt::fixed(pulled_w5);
                    pulled_w6
                };
                let d_s_23: f64 = d_s_21 + d_arg_22;
                d_s_14 = d_s_23;
            }
            let d_s_24: f64 = d_s_14;
            let len_25: usize = d_rows_m5.len();
            for row_26 in 0usize..len_25 {
                ::chainrule::rt::add_assign(&mut d_row_m4[..], &d_rows_m5[row_26][..]);
            }
            let ct_29: f64 = d_row_m4[0usize];
            let d_k_30: f64 = d_s_24 + ct_29;
            let ct_32: f64 = d_row_m4[1usize];
            d_x_m3[1usize] += ct_32;
            (add_12, (d_k_30,))
        }
    }
}
pub(crate) mod receivers {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..2usize {
                let r_6: f64 = p_m1.apply(s_4);
                let r_7: f64 = p_m1.bump(r_6);
                let mut made_m2: ::std::vec::Vec<f64> = ::core::clone::Clone::clone(
                        &p_m1,
                    )
                    .take(r_7);
                let sum_8: f64 = ::chainrule::rt::sum_all(&made_m2[..]);
                let r_9: f64 = (sum_8).bent(r_7);
                s_4 = r_9;
            }
            let s_5: f64 = s_4;
            s_5
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_10: f64,
            d_x_m3: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut p_m1: Scaler = Scaler {
                w: (*x_m0).to_vec(),
                b: k_0,
            };
            let mut kept_r0: ::std::vec::Vec<
                (f64, f64, f64, f64, ::std::vec::Vec<f64>, Scaler, Scaler, Scaler),
            > = ::std::vec::Vec::with_capacity(2usize);
            let mut s_4: f64 = k_0;
            for i_3 in 0usize..2usize {
                let mut p_m12: Scaler = ::core::clone::Clone::clone(&p_m1);
                let r_6: f64 = p_m1.apply(s_4);
                let mut p_m10: Scaler = ::core::clone::Clone::clone(&p_m1);
                let r_7: f64 = p_m1.bump(r_6);
                let mut p_m8: Scaler = ::core::clone::Clone::clone(&p_m1);
                let mut made_m2: ::std::vec::Vec<f64> = ::core::clone::Clone::clone(
                        &p_m1,
                    )
                    .take(r_7);
                let sum_8: f64 = ::chainrule::rt::sum_all(&made_m2[..]);
                let r_9: f64 = (sum_8).bent(r_7);
                kept_r0.push((sum_8, r_7, r_6, s_4, made_m2, p_m8, p_m10, p_m12));
                s_4 = r_9;
            }
            let s_5: f64 = s_4;
            let mut d_p_m4: Scaler = ::chainrule::rt::Tangent::zeros_like(&p_m1);
            let mut d_s_11: f64 = seed_10;
            for i_12 in (0usize..2usize).rev() {
                let (
                    sum_13,
                    r_15,
                    r_19,
                    s_21,
                    mut made_m6,
                    mut p_m9,
                    mut p_m11,
                    mut p_m13,
                ): (f64, f64, f64, f64, ::std::vec::Vec<f64>, Scaler, Scaler, Scaler) = ::chainrule::rt::recall(
                    &mut kept_r0,
                );
                let mut d_made_m5: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; made_m6.len()
                ];
                let (d_arg_14, d_arg_16): (f64, f64) = {
                    let (_, (pulled_w5, pulled_w6)) = (sum_13).bent_vjp(r_15, d_s_11);
                    (pulled_w5, pulled_w6)
                };
                let mut all_m7: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; d_made_m5.len()
                ];
                all_m7.fill(d_arg_14);
                ::chainrule::rt::add_assign(&mut d_made_m5[..], &all_m7[..]);
                let d_arg_17: f64 = {
                    let (_, (pulled_w7, pulled_w8)) = ::core::clone::Clone::clone(&p_m9)
                        .take_vjp(r_15, d_made_m5);
                    ::chainrule::rt::Tangent::add_assign(&mut d_p_m4, &pulled_w7);
                    pulled_w8
                };
                let d_r_18: f64 = d_arg_16 + d_arg_17;
                let d_arg_20: f64 = {
                    let (_, (pulled_w9, pulled_w10)) = p_m11
                        .bump_vjp(r_19, d_r_18, ::core::clone::Clone::clone(&d_p_m4));
                    d_p_m4 = pulled_w9;
                    pulled_w10
                };
                let d_arg_22: f64 = {
                    let (_, (pulled_w11, pulled_w12)) = p_m13.apply_vjp(s_21, d_arg_20);
                    ::chainrule::rt::Tangent::add_assign(&mut d_p_m4, &pulled_w11);
                    pulled_w12
                };
                d_s_11 = d_arg_22;
            }
            let d_s_23: f64 = d_s_11;
            ::chainrule::rt::add_assign(&mut (*d_x_m3)[..], &d_p_m4.w[..]);
            let ct_24: f64 = d_p_m4.b;
            let d_k_25: f64 = d_s_23 + ct_24;
            (s_5, (d_k_25,))
        }
    }
}
pub(crate) mod structs {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let is_8: bool = y_7 > 0.0f64;
                    let chosen_9: f64 = if is_8 {
                        let mut made_m1: Scaler = params(s_5);
                        let r_10: f64 = made_m1.bump(y_7);
                        let r_11: f64 = made_m1.apply(r_10);
                        r_11
                    } else {
                        let mul_12: f64 = s_5 * y_7;
                        mul_12
                    };
                    s_5 = chosen_9;
                }
            }
            let s_6: f64 = s_5;
            s_6
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_13: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<
                (
                    f64,
                    f64,
                    ::core::option::Option<Scaler>,
                    ::core::option::Option<Scaler>,
                ),
            > = ::std::vec::Vec::with_capacity(len_2);
            let mut s_5: f64 = k_0;
            {
                let n: usize = len_2;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                for i_4 in 0..n {
                    let y_7: f64 = x_w1[i_4];
                    let is_8: bool = y_7 > 0.0f64;
                    let mut made_m1: ::core::option::Option<Scaler> = ::core::option::Option::None;
                    let mut made_m5: ::core::option::Option<Scaler> = ::core::option::Option::None;
                    let (chosen_9, r_16): (f64, f64) = if is_8 {
                        made_m1 = ::core::option::Option::Some(params(s_5));
                        made_m5 = ::core::option::Option::Some(
                            ::core::clone::Clone::clone(
                                &(*::chainrule::rt::there(&made_m1)),
                            ),
                        );
                        let r_10: f64 = (*::chainrule::rt::there_mut(&mut made_m1))
                            .bump(y_7);
                        let r_11: f64 = (*::chainrule::rt::there(&made_m1)).apply(r_10);
                        (r_11, r_10)
                    } else {
                        let mul_12: f64 = s_5 * y_7;
                        (mul_12, 0.0f64)
                    };
                    kept_r0.push((r_16, s_5, made_m1.take(), made_m5.take()));
                    s_5 = chosen_9;
                }
            }
            let s_6: f64 = s_5;
            let mut d_s_14: f64 = seed_13;
            {
                let n: usize = len_2;
                let x_w5 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let d_x_w6 = ::chainrule::rt::window_mut(&mut (*d_x_m2)[..], 0, n);
                for i_15 in (0..n).rev() {
                    let (
                        r_17,
                        s_21,
                        mut made_m4,
                        mut made_m6,
                    ): (
                        f64,
                        f64,
                        ::core::option::Option<Scaler>,
                        ::core::option::Option<Scaler>,
                    ) = ::chainrule::rt::recall(&mut kept_r0);
                    let y_28: f64 = x_w5[i_15];
                    let is_29: bool = y_28 > 0.0f64;
                    let (d_s_26, d_y_27): (f64, f64) = if is_29 {
                        let mut d_made_m3: Scaler = ::chainrule::rt::Tangent::zeros_like(
                            &(*::chainrule::rt::there(&made_m4)),
                        );
                        let d_arg_18: f64 = {
                            let (_, (pulled_w7, pulled_w8)) = (*::chainrule::rt::there(
                                &made_m4,
                            ))
                                .apply_vjp(r_17, d_s_14);
                            ::chainrule::rt::Tangent::add_assign(
                                &mut d_made_m3,
                                &pulled_w7,
                            );
                            pulled_w8
                        };
                        let y_19: f64 = x_w5[i_15];
                        let d_arg_20: f64 = {
                            let (_, (pulled_w9, pulled_w10)) = (*::chainrule::rt::there_mut(
                                &mut made_m6,
                            ))
                                .bump_vjp(y_19, d_arg_18, d_made_m3);
                            d_made_m3 = pulled_w9;
                            pulled_w10
                        };
                        let d_arg_22: f64 = {
                            let (_, pulled_w11) = params::vjp(s_21, d_made_m3);
                            pulled_w11
                        };
                        (d_arg_22, d_arg_20)
                    } else {
                        let y_23: f64 = x_w5[i_15];
                        let mul_24: f64 = d_s_14 * y_23;
                        let mul_25: f64 = d_s_14 * s_21;
                        (mul_24, mul_25)
                    };
                    d_x_w6[i_15] += d_y_27;
                    d_s_14 = d_s_26;
                }
            }
            let d_s_30: f64 = d_s_14;
            (s_6, (d_s_30,))
        }
    }
}
pub(crate) mod once_around {
    use super::*;
    pub(crate) fn f(x: &[f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &[f64], k_0: f64) -> f64 {
            let len_2: usize = (*x_m0).len();
            let mut s_6: f64 = 0.0f64;
            for i_5 in 0usize..len_2 {
                let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
                let y_8: f64 = x_m0[i_5];
                let mul_9: f64 = y_8 * k_0;
                let mut s_11: f64 = mul_9;
                for i_10 in 0usize..2usize {
                    let r_13: f64 = step(&mut state_m1, s_11);
                    let r_14: f64 = scale(&state_m1, r_13);
                    let mul_15: f64 = r_14 * s_11;
                    s_11 = mul_15;
                }
                let s_12: f64 = s_11;
                let add_16: f64 = s_6 + s_12;
                s_6 = add_16;
            }
            let s_7: f64 = s_6;
            s_7
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &[f64],
            k: f64,
            cotangent: f64,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ::std::vec![0.0f64; (* x).len()];
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &[f64],
            k_0: f64,
            seed_17: f64,
            d_x_m2: &mut [f64],
        ) -> (f64, (f64,)) {
            let len_2: usize = (*x_m0).len();
            let mut kept_r0: ::std::vec::Vec<
                (f64, f64, f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>),
            > = ::std::vec::Vec::with_capacity(2usize);
            let mut s_6: f64 = 0.0f64;
            let mut d_k_18: f64 = 0.0f64;
            for i_5 in 0usize..len_2 {
                let mut state_m1: ::std::vec::Vec<f64> = (*x_m0).to_vec();
                let y_8: f64 = x_m0[i_5];
                let mul_9: f64 = y_8 * k_0;
                let mut s_11: f64 = mul_9;
                for i_10 in 0usize..2usize {
                    let mut state_m6: ::std::vec::Vec<f64> = state_m1.to_vec();
                    let r_13: f64 = step(&mut state_m1, s_11);
                    let mut state_m4: ::std::vec::Vec<f64> = state_m1.to_vec();
                    let r_14: f64 = scale(&state_m1, r_13);
                    let mul_15: f64 = r_14 * s_11;
                    kept_r0.push((s_11, r_14, r_13, state_m4, state_m6));
                    s_11 = mul_15;
                }
                let s_12: f64 = s_11;
                let add_16: f64 = s_6 + s_12;
                let mut d_state_m3: ::std::vec::Vec<f64> = ::std::vec![
                    0.0f64; state_m1.len()
                ];
                let mut d_s_20: f64 = seed_17;
                for i_21 in (0usize..2usize).rev() {
                    let (
                        s_22,
                        r_24,
                        r_26,
                        mut state_m5,
                        mut state_m7,
                    ): (f64, f64, f64, ::std::vec::Vec<f64>, ::std::vec::Vec<f64>) = ::chainrule::rt::recall(
                        &mut kept_r0,
                    );
                    let mul_23: f64 = d_s_20 * s_22;
                    let mul_25: f64 = d_s_20 * r_24;
                    let d_arg_27: f64 = {
                        let (_, (pulled_w3, pulled_w4)) = scale::vjp(
                            &state_m5,
                            r_26,
                            mul_23,
                        );
                        ::chainrule::rt::add_assign(&mut d_state_m3[..], &pulled_w3[..]);
                        pulled_w4
                    };
                    let d_arg_28: f64 = {
                        let (_, (pulled_w5, pulled_w6)) = step::vjp(
                            &mut state_m7,
                            s_22,
                            d_arg_27,
                            ::core::mem::take(&mut d_state_m3),
                        );
                        d_state_m3 = pulled_w5;
                        pulled_w6
                    };
                    let d_s_29: f64 = mul_25 + d_arg_28;
                    d_s_20 = d_s_29;
                }
                let d_s_30: f64 = d_s_20;
                let mul_31: f64 = d_s_30 * k_0;
                let mul_32: f64 = d_s_30 * y_8;
                let d_k_33: f64 = d_k_18 + mul_32;
                d_x_m2[i_5] += mul_31;
                ::chainrule::rt::add_assign(&mut (*d_x_m2)[..], &d_state_m3[..]);
                s_6 = add_16;
                d_k_18 = d_k_33;
            }
            let s_7: f64 = s_6;
            let d_k_34: f64 = d_k_18;
            (s_7, (d_k_34,))
        }
    }
}
pub(crate) mod output_slice {
    use super::*;
    pub(crate) fn f(x: &mut [f64], k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &mut [f64], k_0: f64) -> f64 {
            let r_1: f64 = step(&mut (*x_m0), k_0);
            let y_3: f64 = x_m0[0usize];
            let mul_5: f64 = y_3 * r_1;
            x_m0[0usize] = mul_5;
            advance(&mut x_m0[1usize..], r_1);
            r_1
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &mut [f64],
            k: f64,
            cotangent: f64,
            ct_x: ::std::vec::Vec<f64>,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ct_x;
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &mut [f64],
            k_0: f64,
            seed_6: f64,
            d_x_m1: &mut [f64],
        ) -> (f64, (f64,)) {
            let mut x_m3: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let r_1: f64 = step(&mut (*x_m0), k_0);
            let y_3: f64 = x_m0[0usize];
            let mul_5: f64 = y_3 * r_1;
            x_m0[0usize] = mul_5;
            let mut x_m2: ::std::vec::Vec<f64> = x_m0[1usize..].to_vec();
            advance(&mut x_m0[1usize..], r_1);
            ::chainrule::rt::check_length(
                "f",
                "the cotangent of `x`",
                (*d_x_m1).len(),
                "`x`",
                (*x_m0).len(),
            );
            let d_arg_7: f64 = {
                let (_, (pulled_w3, pulled_w4)) = advance::vjp(
                    &mut x_m2,
                    r_1,
                    d_x_m1[1usize..].to_vec(),
                );
                d_x_m1[1usize..].clone_from_slice(&pulled_w3[..]);
                pulled_w4
            };
            let d_r_8: f64 = seed_6 + d_arg_7;
            let ct_9: f64 = d_x_m1[0usize];
            d_x_m1[0usize] = 0.0f64;
            let mul_11: f64 = ct_9 * r_1;
            let mul_12: f64 = ct_9 * y_3;
            let d_r_13: f64 = d_r_8 + mul_12;
            d_x_m1[0usize] += mul_11;
            let d_arg_14: f64 = {
                let (_, (pulled_w5, pulled_w6)) = step::vjp(
                    &mut x_m3,
                    k_0,
                    d_r_13,
                    (*d_x_m1).to_vec(),
                );
                (*d_x_m1).clone_from_slice(&pulled_w5[..]);
                pulled_w6
            };
            (r_1, (d_arg_14,))
        }
    }
}
pub(crate) mod output_vec {
    use super::*;
    pub(crate) fn f(x: &mut Vec<f64>, k: f64) -> f64 {
        #[inline]
        fn __value(x_m0: &mut Vec<f64>, k_0: f64) -> f64 {
            grow(&mut (*x_m0), k_0);
            let r_1: f64 = scale(&(*x_m0), k_0);
            grow(&mut (*x_m0), r_1);
            r_1
        }
        __value(x, k)
    }
    pub(crate) struct f {}
    impl f {
        pub fn vjp(
            x: &mut Vec<f64>,
            k: f64,
            cotangent: f64,
            ct_x: ::std::vec::Vec<f64>,
        ) -> (f64, (::std::vec::Vec<f64>, f64)) {
            let mut grad_0: ::std::vec::Vec<f64> = ct_x;
            let (value, (grad_1,)) = Self::__adjoint(x, k, cotangent, &mut grad_0);
            (value, (grad_0, grad_1))
        }
        fn __adjoint(
            x_m0: &mut Vec<f64>,
            k_0: f64,
            seed_2: f64,
            d_x_m1: &mut ::std::vec::Vec<f64>,
        ) -> (f64, (f64,)) {
            let mut x_m4: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            grow(&mut (*x_m0), k_0);
            let mut x_m3: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            let r_1: f64 = scale(&(*x_m0), k_0);
            let mut x_m2: ::std::vec::Vec<f64> = (*x_m0).to_vec();
            grow(&mut (*x_m0), r_1);
            ::chainrule::rt::check_length(
                "f",
                "the cotangent of `x`",
                (*d_x_m1).len(),
                "`x`",
                (*x_m0).len(),
            );
            let d_arg_3: f64 = {
                let (_, (pulled_w4, pulled_w5)) = grow::vjp(
                    &mut x_m2,
                    r_1,
                    ::core::mem::take(&mut (*d_x_m1)),
                );
                (*d_x_m1) = pulled_w4;
                pulled_w5
            };
            let d_r_4: f64 = seed_2 + d_arg_3;
            let d_arg_5: f64 = {
                let (_, (pulled_w6, pulled_w7)) = scale::vjp(&x_m3, k_0, d_r_4);
                ::chainrule::rt::add_assign(&mut (*d_x_m1)[..], &pulled_w6[..]);
                pulled_w7
            };
            let d_arg_6: f64 = {
                let (_, (pulled_w8, pulled_w9)) = grow::vjp(
                    &mut x_m4,
                    k_0,
                    ::core::mem::take(&mut (*d_x_m1)),
                );
                (*d_x_m1) = pulled_w8;
                pulled_w9
            };
            let d_k_7: f64 = d_arg_5 + d_arg_6;
            (r_1, (d_k_7,))
        }
    }
}
