import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { Router } from "wouter";
import { Toasts } from "@/components/Toast";
import { ProductProvider, useSessionState } from "@/lib/product";
import { Shell } from "./Shell";
import { SignInAgain } from "./SignInAgain";
import type { Started } from "./start";
import { Welcome } from "./Welcome";

const BASE = import.meta.env.BASE_URL.replace(/\/$/, "");

export function App({ product, queries }: Started) {
  const state = useSessionState(product.session);
  const isIn = state !== "signed-out";
  useEffect(() => {
    if (!isIn) return;
    product.live.start();
    return () => product.live.stop();
  }, [isIn, product]);
  return (
    <ProductProvider value={product}>
      <QueryClientProvider client={queries}>
        {isIn ? (
          <Toasts>
            <Router base={BASE}>
              <Shell />
            </Router>
            <SignInAgain open={state === "expired"} />
          </Toasts>
        ) : (
          <Welcome />
        )}
      </QueryClientProvider>
    </ProductProvider>
  );
}
